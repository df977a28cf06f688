"""What is asked of a name, by topic: each judges a survey, and may look for itself."""

from collections.abc import Callable, Mapping

from harness.dns import entries
from harness.dns.facts import Survey, View
from harness.dns.new_side import callers, judge_endpoint, judge_host, judge_sni, judge_target
from harness.dns.records import judge_caa, judge_dnssec, judge_records, judge_resolvers, judge_servers
from harness.dns.switching import judge_domains, judge_switch
from harness.dns.times import judge_ready, judge_times
from harness.model.check import Tools
from harness.model.found import Found

Judge = Callable[[Survey, View], Found]
Look = Callable[[Survey, View, Tools], Found]

JUDGES: Mapping[str, Judge] = {
    entries.SERVERS: judge_servers.servers,
    entries.CHAIN: judge_servers.chain,
    entries.TTL: judge_times.ttl,
    entries.HELD: judge_ready.old_ttl,
    entries.RESOLVERS: judge_resolvers.at_resolvers,
    entries.ROLLBACK: judge_ready.rollback,
    entries.NEGATIVE: judge_times.negative,
    entries.BESIDE: judge_records.beside,
    entries.OTHER_TYPES: judge_records.other_types,
    entries.DNSSEC: judge_dnssec.dnssec,
    entries.TARGET: judge_target.resolves,
}
"""Topics that the survey answers."""

LOOKS: Mapping[str, Look] = {
    entries.CAA: judge_caa.caa,
    entries.CERTIFICATE: judge_endpoint.certificate,
    entries.SNI: judge_sni.without_sni,
    entries.HOST: judge_host.host_accepted,
    entries.DOMAIN: judge_domains.custom_domain,
    entries.SWITCH: judge_switch.switch,
    entries.CALLERS: callers.raw_callers,
}
"""Topics that open a connection, ask a control plane or read a log."""

"""Broken `dns` sections: the rows of the table that concern names that move."""

from tests.unit.scenario.broken_row import HEAD, Row, pointed

NAMED = "name: api.example.com"
TARGETS = "from: old.example.net\n  to: new.example.net"
RESOURCE = "/subscriptions/0-1/resourceGroups/rg/providers"
ZONE = f"{RESOURCE}/Microsoft.Network/dnsZones/example.com"
PROFILE = f"{RESOURCE}/Microsoft.Network/trafficManagerProfiles/orders"
DOOR = f"{RESOURCE}/Microsoft.Cdn/profiles/orders"
LOGGED = "ec.pub"
"""A file that lies beside the scenario, whatever is in it."""


def dns(name: str, text: str, message: str, hint: str = "", *, schema: bool = False, files: str = "") -> Row:
    """Return a row with a `dns` section of this name and these keys; § marks the place."""
    return pointed(f"dns: {name}", HEAD + "dns:\n  " + text + "\n", message, hint, schema=schema, files=files)


def named(name: str, value: str, message: str, hint: str = "", *, schema: bool = False) -> Row:
    """Return a row whose `name` is this."""
    return dns(f"name: {name}", f"name: §{value}\n  {TARGETS}", message, hint, schema=schema)


def old(name: str, value: str, message: str, hint: str = "", *, schema: bool = False) -> Row:
    """Return a row whose `from` is this."""
    value = value if "§" in value else f"§{value}"
    return dns(f"from: {name}", f"{NAMED}\n  to: new.example.net\n  from: {value}", message, hint, schema=schema)


def good(name: str, text: str, message: str, hint: str = "", *, schema: bool = False, files: str = "") -> Row:
    """Return a row with a good name and targets, and further keys of `text`."""
    return dns(name, f"{NAMED}\n  {TARGETS}\n  {text}", message, hint, schema=schema, files=files)


def resolver(name: str, value: str, message: str, hint: str = "", *, schema: bool = False, files: str = "") -> Row:
    """Return a row with a good resolver and this one."""
    value = value if "§" in value else f"§{value}"
    text = f"resolvers:\n    - system\n    - {value}"
    return good(f"resolvers: {name}", text, message, hint, schema=schema, files=files)


# fmt: off
DNS = [
    Row("dns: nothing", HEAD + "dns:\n", 7, 5, "expected a mapping", "name: api.example.com", schema=True),
    dns("a name alone", "§api.example.com", "expected a mapping with name", "from:", schema=True),
    dns("without a name", f"§{TARGETS}", "expected one of name, names", "api.example.com", schema=True),
    dns("unknown key", f"{NAMED}\n  {TARGETS}\n  §ttlmax: 60s", "unknown key 'ttlmax'", "did you mean 'ttl_max'?", schema=True),
    dns("without from", f"§{NAMED}\n  to: new.example.net", "missing key 'from'", "where the name leads"),
    dns("without to", f"§{NAMED}\n  from: old.example.net", "missing key 'to'", "where the name leads"),
    dns("name and names", f"{NAMED}\n  names: §[b.example.com]\n  {TARGETS}", "both 'name' and 'names'", "keep `names`"),
    dns("no names", f"names: §[]\n  {TARGETS}", "nothing would move", schema=True),
    dns("names is a text", f"names: §api.example.com\n  {TARGETS}", "expected a list", schema=True),
    dns("name twice", f"names: [api.example.com, b.example.com, §API.Example.com.]\n  {TARGETS}", "the same name is there twice", "remove one"),
    Row("dns: name twice, with targets", HEAD + f"dns:\n  names: [api.example.com, {{name: api.example.com, to: x.example.net}}]\n  {TARGETS}\n", 8, 35, "the same name is there twice", "remove one"),
    dns("one of several without to", "names: [{name: api.example.com, from: a.example.net, to: b.example.net}, {name: §b.example.com, from: a.example.net}]", "missing key 'to'"),
    dns("entry without a name", f"names: [§{{to: x.example.net}}]\n  {TARGETS}", "missing key 'name'", schema=True),
    dns("entry misspelt", f"names: [{{name: b.example.com, §too: x.example.net}}]\n  {TARGETS}", "unknown key 'too'", "did you mean 'to'?", schema=True),
    named("number", "12", "YAML reads 12 as a number", "quote it", schema=True),
    named("wildcard", '"*.example.com"', "a wildcard", "each name by itself", schema=True),
    named("address", "192.0.2.1", "is an address", "such as api.example.com"),
    named("address of IPv6", '"2001:db8::1"', "is an address", schema=True),
    named("URL", "https://api.example.com/v1", "is a URL", "api.example.com", schema=True),
    named("port", "api.example.com:443", "a port", "the name alone: api.example.com", schema=True),
    named("one label", "api", "is one label", "with its zone"),
    named("empty label", "api..example.com", "an empty label"),
    named("blank", "api example.com", "is no name", schema=True),
    named("hyphen at the end", "api-.example.com", "is no name", "letters, digits"),
    named("long label", "a" * 64 + ".example.com", "a label of 64 characters", "63 at most"),
    named("long", ".".join(["abcdefgh"] * 29) + ".example", "a name of 268 characters", "253 at most"),
    named("ends like an address", "192.0.2.300", "ends like an address"),
    named("sharp s", "straße.example.com", "no one ASCII form", "xn--"),
    named("list", "[api.example.com]", "expected a text, got a list", schema=True),
    named("secret that is not set", '"${env:NOPE}"', "'NOPE' is not set"),
    named("secret that is no name", '"${env:SPACED}"', "will not do here"),
    old("URL", "https://old.example.net/prod", "is a URL", "old.example.net", schema=True),
    Row("dns: from: nothing", HEAD + f"dns:\n  {NAMED}\n  to: new.example.net\n  from:\n", 10, 8, "got nothing", schema=True),
    old("word for no", "no", "true or false in older YAML", "quote it"),
    old("the name itself", "API.example.com", "the name leads to itself", "its record holds"),
    dns("moves by a proxy", f"{NAMED}\n  from: front.example.net\n  to: §new.example.net\n  switch: proxy", "'to' is not 'from'", "remove to:"),
    Row("dns: from: same as to", HEAD + f"dns:\n  {NAMED}\n  from: new.example.net.\n  to: New.example.net\n", 10, 7, "'from' and 'to' are the same", "nothing would move"),
    dns("same addresses", f"{NAMED}\n  from: [192.0.2.1, 192.0.2.2]\n  to: §{{a: [192.0.2.2, 192.0.2.1]}}", "'from' and 'to' are the same"),
    dns("same, as an alias", f"{NAMED}\n  from: new.example.net\n  to: §{{alias: new.example.net}}", "'from' and 'to' are the same"),
    old("empty list", "[]", "the name would lead nowhere", schema=True),
    old("name in a list", "[§old.example.net]", "is no IP address", "192.0.2.10"),
    old("address twice", "[192.0.2.1, '2001:db8::1', §'2001:DB8:0::1']", "the same address is there twice"),
    old("two kinds", "{cname: a.example.net, a: §192.0.2.1}", "both 'cname' and 'a'", "keep one"),
    old("alias and CNAME", "{alias: a.example.net, cname: §b.example.net}", "both 'alias' and 'cname'"),
    old("no kind", "{}", "expected one of cname, a, aaaa, alias", schema=True),
    old("misspelt", "{a: 192.0.2.1, §cnam: b.example.net}", "unknown key 'cnam'", "did you mean 'cname'?", schema=True),
    old("IPv6 among A", "{a: §'2001:db8::1'}", "is no IPv4 address", "it belongs under `aaaa:`"),
    old("IPv4 among AAAA", "{aaaa: [§192.0.2.1]}", "is no IPv6 address", "it belongs under `a:`"),
    old("any address", "0.0.0.0", "no address of one machine"),
    old("multicast", "[§224.0.0.1]", "no address of one machine"),
    old("address of an interface", "'fe80::1%eth0'", "one machine's interface"),
    old("CNAME to an address", "{cname: §192.0.2.1}", "is an address"),
    good("ttl_max: number", "ttl_max: §60", "'60' is no duration", "35s", schema=True),
    good("ttl_max: 0", "ttl_max: §0s", "a duration of 0"),
    good("ttl_max: parts of seconds", "ttl_max: §1500ms", "a TTL of 1500ms", "whole seconds"),
    good("ttl_max: beyond DNS", "ttl_max: §600000h", "a TTL of 600000h", "2147483647s"),
    good("negative_ttl_max: years", "negative_ttl_max: §1y", "'1y' is no duration", schema=True),
    good("rollback_within: 0", "rollback_within: §0s", "a duration of 0"),
    good("wait: nothing", "wait: §~", "expected a duration such as 75s, got nothing", schema=True),
    good("timeout: long", "timeout: §1m", "a timeout of 1m", "30s at most"),
    good("client_cache: words", "client_cache: §a while", "'a while' is no duration", schema=True),
    good("resolver_count: 0", "resolver_count: §0", "a whole number from 1", schema=True),
    good("resolvers: none", "resolvers: §[]", "nobody would be asked", schema=True),
    good("resolvers: a text", "resolvers: §system", "expected a list", schema=True),
    resolver("twice", "§system", "the same server is there twice", "remove one"),
    resolver("twice, spelt otherwise", "192.0.2.53\n    - §192.0.2.53:53", "the same server is there twice", "on line 13"),
    resolver("two of one name", "{name: a, address: 192.0.2.1}\n    - §{name: a, address: 192.0.2.2}", "two servers of the same name", "rename one"),
    resolver("name", "dns.example.com", "is no IP address", "dig +short"),
    resolver("word", "sytem", "is no IP address", "did you mean 'system'?"),
    resolver("another word", "Publik", "is no IP address", "did you mean 'public'?"),
    resolver("one slash", "tls:/dns.example.com", "is no address", "did you mean 'tls://dns.example.com'?"),
    resolver("no slash", "https:dns.example.com", "is no address", "did you mean 'https://dns.example.com'?"),
    resolver("delegation", "delegation", "'delegation' cannot stand here", "an IP address"),
    resolver("number", "53", "YAML reads 53 as a number", "quote it", schema=True),
    resolver("port", "192.0.2.1:dns", "'dns' is no port", "1 to 65535"),
    resolver("port of 0", "192.0.2.1:0", "'0' is no port"),
    resolver("scheme", "dot://192.0.2.1", "'dot://' is not known", "tls://host"),
    resolver("path after tls", "tls://192.0.2.1/x", "a path after tls://"),
    resolver("template", '"https://dns.example.com/dns-query{?dns}"', "template in a server's URL", "https://dns.example.com/dns-query"),
    resolver("DoH without a host", "https:///dns-query", "an empty label"),
    resolver("mapping without address", "{name: a}", "missing key 'address'", schema=True),
    resolver("mapping misspelt", "{address: 192.0.2.1, §prot: udp}", "unknown key 'prot'", schema=True),
    resolver("protocol", "{address: 192.0.2.1, protocol: §tls}", "expected one of udp, tcp, dot, doh", schema=True),
    resolver("name by UDP", "{address: §dns.example.com}", "is no IP address", "dig +short"),
    resolver("host by UDP", "{address: 192.0.2.1, host: §dns.example.com}", "'host' goes with protocol: dot or doh", "remove host:"),
    resolver("path by DoT", "{address: 192.0.2.1, protocol: dot, path: §/x}", "'path' goes with protocol: doh", "remove path:"),
    resolver("path", "{address: 192.0.2.1, protocol: doh, path: §dns-query}", "is no path", "/dns-query"),
    resolver("ca_file", "{address: 192.0.2.1, protocol: dot, ca_file: §no.pem}", "no file 'no.pem'", "looked for"),
    resolver("port beyond", "{address: 192.0.2.1, port: §70000}", "from 1 to 65535", schema=True),
    resolver("any address", "{address: §'::'}", "no address of one machine"),
    good("authorities: word", "authorities: §system", "expected delegation, or a list of servers", schema=True),
    good("authorities: none", "authorities: §[]", "nobody would be asked", schema=True),
    good("authorities: name", "authorities: [§ns1.example.com]", "is no IP address", "dig +short"),
    good("authorities: tls", "authorities: [§tls://192.0.2.1]", "asked by UDP and TCP"),
    good("authorities: twice", "authorities: [192.0.2.1, §{name: b, address: 192.0.2.1}]", "the same server is there twice"),
    good("authorities: protocol", "authorities: [{address: 192.0.2.1, §protocol: tcp}]", "unknown key 'protocol'", schema=True),
    good("authorities: no zones", "authorities: §{}", "at least one entry", schema=True),
    good("authorities: zone", "authorities: {§https://example.com: [192.0.2.1]}", "is a URL", "example.com"),
    good("authorities: zone twice", "authorities: {example.com: [192.0.2.1], §Example.com.: delegation}", "the zone 'example.com' is there twice"),
    good("authorities: list for the rest", 'authorities: {§"*": [192.0.2.1]}', "stands for all other zones", "delegation"),
    Row("dns: authorities: zone of nothing", HEAD + f"dns:\n  {NAMED}\n  {TARGETS}\n  authorities: {{example.com: ~}}\n", 11, 30, "got nothing", schema=True),
    good("lowered_at: day", "lowered_at: §2026-11-20", "is a day, and no moment", "add time and zone", schema=True),
    good("lowered_at: no zone", "lowered_at: §2026-11-20T09:00:00", "names no time zone", "add Z for UTC"),
    good("lowered_at: words", "lowered_at: §yesterday", "'yesterday' is no moment", "2026-11-21T14:20:00Z", schema=True),
    good("lowered_at: no such day", "lowered_at: §2026-02-30T09:00Z", "is no moment", "such as"),
    good("lowered_at: no such zone", "lowered_at: §2026-02-20T09:00+99:99", "no such day, time or zone"),
    good("lowered_at: long ago", "lowered_at: §1926-11-20T09:00Z", "is before 2000", "is the year right?"),
    good("lowered_from: alone", "lowered_from: §1h", "'lowered_from' without 'lowered_at'", "when it was lowered"),
    good("lowered_from: never", "lowered_at: never\n  lowered_from: §1h", "never was lowered", "remove one"),
    good("lowered_from: no more", "lowered_at: 2026-11-20T09:00Z\n  lowered_from: §60s", "60s is no more than ttl_max, 60s", "larger than ttl_max"),
    good("window: no end", "window: §{from: 2026-11-21T14:00Z}", "missing key 'until'", schema=True),
    good("window: backwards", "window: {from: 2026-11-21T14:00Z, until: §2026-11-21T14:00:00+00:00}", "ends before it begins"),
    good("window: long", "window: {from: 2026-11-01T14:00Z, until: §2026-11-21T14:00Z}", "more than 14 days", "at the latest"),
    good("window: days", "window: {from: §2026-11-21, until: 2026-11-22T00:00Z}", "is a day, and no moment", schema=True),
    good("issuer: URL", "issuer: §https://digicert.com", "is a URL", "digicert.com", schema=True),
    good("issuer: by its name", "issuer: [§DigiCert Inc]", "is no name", schema=True),
    good("issuer: none", "issuer: §[]", "at least one item", schema=True),
    good("callers: without a log", 'callers: §{hosts: ["*.internal.example"]}', "missing key 'log'", "access log", schema=True),
    good("callers: no such log", "callers: {log: §access.log}", "no file 'access.log'", "looked for"),
    good("callers: accept without a reason", f"callers: {{log: {LOGGED}, accept: §2%}}", "accept needs a reason", "because", files=LOGGED),
    good("callers: reason of nothing", f"callers: {{log: {LOGGED}, because: §x}}", "'because' gives the reason", "accept: 2%", files=LOGGED),
    good("callers: share", f"callers: {{log: {LOGGED}, accept: §0.02, because: x}}", "'0.02' is no share", "50%", schema=True, files=LOGGED),
    good("callers: every host", f"callers: {{log: {LOGGED}, hosts: [§'*']}}", "stands for every address", files=LOGGED),
    good("callers: URL", f"callers: {{log: {LOGGED}, hosts: [§'https://a.example']}}", "no address of callers", files=LOGGED),
    good("callers: the name that moves", f"callers: §{{log: {LOGGED}, hosts: ['*.example.com']}}", "names a name that moves", "no record moves", files=LOGGED),
    good("rehearse: without a zone", "rehearse: §{name: api.test.example.com}", "missing key 'zone'", schema=True),
    good("rehearse: elsewhere", "rehearse: {zone: test.example.com, name: §api.example.org}", "not in the test zone", "api.test.example.com"),
    good("rehearse: production", "rehearse: {zone: §example.com}", "a production name", "name a test zone"),
    good("rehearse: production, by name", "rehearse: {zone: example.com, name: §api.example.com}", "a production name"),
    dns("rehearse: one name for several", f"names: [a.example.com, b.example.com]\n  {TARGETS}\n  rehearse: {{zone: test.example.com, name: §a.test.example.com}}", "one name for several", "leave it out"),
    dns("rehearse: two of one label", f"names: [api.example.com, api.example.org]\n  {TARGETS}\n  rehearse: {{zone: §test.example.com}}", "the same first label", "one by one"),
    good("switch: word", "switch: §records", "got 'records'", "did you mean 'record'?", schema=True),
    good("switch: nothing", "switch: §~", "got nothing", schema=True),
    good("switch: list", "switch: §[record]", "expected what moves the callers, got a list", "record, proxy", schema=True),
    good("switch: without kind", "switch: §{zone: Z1}", "missing key 'kind'", "route53", schema=True),
    good("switch: kind", "switch: {kind: §azure}", "got 'azure'", "did you mean 'azure-dns'?", schema=True),
    good("switch: route53 by word", "switch: §route53", "'route53' needs to be told which one", "{kind: route53}", schema=True),
    good("switch: azure-dns by word", "switch: §azure-dns", "needs to be told which one", "Microsoft.Network/dnsZones/NAME", schema=True),
    good("switch: key of another kind", "switch: {kind: record, §zone: Z1}", "unknown key 'zone'", schema=True),
    good("switch: key twice", "switch: {kind: route53, zone: Z1, §zone: Z2}", "the key 'zone' is there twice"),
    good("switch: zone by name", "switch: {kind: route53, zone: §example.com}", "no hosted zone's id", "looked up by the name"),
    good("switch: region", "switch: {kind: route53, region: §westeurope}", "is no AWS region"),
    good("switch: half a pair of keys", "switch: {kind: route53, access_key: §AKIA}", "'access_key' without 'secret_key'"),
    good("switch: endpoint over http", "switch: {kind: route53, endpoint: §'http://aws.example'}", "in the clear"),
    good("switch: no resource", "switch: §{kind: azure-dns}", "missing key 'resource'", "dnsZones", schema=True),
    good("switch: resource of another kind", f"switch: {{kind: azure-dns, resource: §{DOOR}}}", "is no zone of Azure DNS", "Microsoft.Network/dnsZones/NAME"),
    good("switch: private zone", f"switch: {{kind: azure-dns, resource: §{ZONE.replace('dnsZones', 'privateDnsZones')}}}", "is no zone of Azure DNS"),
    good("switch: profile of another kind", f"switch: {{kind: traffic-manager, resource: §{ZONE}}}", "is no profile of Traffic Manager"),
    good("switch: older Front Door", f"switch: {{kind: front-door, resource: §{RESOURCE}/Microsoft.Network/frontDoors/x}}", "is no profile of Azure Front Door", "Microsoft.Cdn/profiles/NAME"),
    good("switch: token and client", f"switch: {{kind: azure-dns, resource: {ZONE}, token: §t, tenant: contoso.com, client_id: c, client_secret: s}}", "both 'token' and 'tenant'"),
    good("switch: half a client", f"switch: {{kind: front-door, resource: {DOOR}, client_id: §c}}", "'client_id' without 'tenant'", "go together"),
    good("switch: one endpoint for both", f"switch: {{kind: traffic-manager, resource: {PROFILE}, old: a, new: §a}}", "'old' and 'new' are the same", "one for each side"),
    good("switch: group of Traffic Manager", f"switch: {{kind: traffic-manager, resource: {PROFILE}, §group: a}}", "unknown key 'group'", schema=True),
    good("switch: proxy of minutes", "switch: {kind: proxy, takes: §2}", "'2' is no duration", schema=True),
]
# fmt: on

"""The records that a name itself has, as its authoritative servers told them; not what an alias leads to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from harness.dns.facts import BESIDE, Authority, Survey
from harness.dns.surveying.walk import within
from harness.dns.times.moments import few, label
from harness.model.dns import Heard, Records, Reply

_NEW = frozenset({"HTTPS", "SVCB"})  # of 2023 (RFC 9460)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What the servers of its zone told of a name, by type and then by server (label).

    `untold` are the types that no server told of, with what they said instead. `delegated` are, by server, the name
    servers that it hands the name on to.
    """

    name: str
    by_type: Mapping[str, Mapping[str, Records]] = field(default_factory=dict)
    servers: tuple[str, ...] = ()
    untold: Mapping[str, str] = field(default_factory=dict)
    delegated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def seen(self) -> bool:
        """Tell whether any server told anything of the name."""
        return bool(self.delegated) or len(self.untold) < len(BESIDE)

    def values(self, type_: str) -> tuple[str, ...]:
        """Return the values of a type, of all servers together."""
        return tuple(dict.fromkeys(value for one in self.by_type.get(type_, {}).values() for value in one.values))

    def at(self, server: str) -> tuple[str, ...]:
        """Return the types that one server has."""
        return tuple(type_ for type_, by_server in self.by_type.items() if server in by_server)


def own_records(survey: Survey) -> Own:
    """Return what the zone's servers told of the production name."""
    name = survey.move.name
    speaking = [authority for authority in survey.zone.authorities if authority.answers]
    by_type = {type_: _of_type(speaking, type_, name) for type_ in BESIDE}
    return Own(
        name=name,
        by_type={type_: records for type_, records in by_type.items() if records},
        servers=tuple(label(authority.server) for authority in speaking),
        untold={type_: _instead(speaking, type_) for type_ in BESIDE if not _told(speaking, type_)},
        delegated={
            label(authority.server): servers
            for authority in speaking
            if (servers := _handed_on(authority, name, survey.zone.name))
        },
    )


def _of_type(speaking: Iterable[Authority], type_: str, name: str) -> dict[str, Records]:
    return {label(authority.server): records for authority in speaking if (records := _records(authority, type_, name))}


def _records(authority: Authority, type_: str, name: str) -> Records | None:
    """Return a server's records of a type; a CNAME comes with whatever is asked of the name."""
    replies = tuple(authority.at_name.values()) if type_ == "CNAME" else (authority.at_name.get(type_),)
    found = (reply.records(type_, name) for reply in replies if reply is not None and reply.heard.tells)
    return next((records for records in found if records is not None), None)


def _told(speaking: Iterable[Authority], type_: str) -> bool:
    return any(_tells(authority.at_name.get(type_)) for authority in speaking)


def _tells(reply: Reply | None) -> bool:
    return reply is not None and ((reply.heard.tells and reply.authoritative) or too_new(reply))


def too_new(reply: Reply) -> bool:
    """Tell whether a server says that it knows no questions of a new type: then it has no such records either."""
    refused = reply.heard is Heard.ERROR and reply.detail.partition(";")[0] in {"NOTIMP", "FORMERR"}
    return refused and reply.type in _NEW


def _instead(speaking: Iterable[Authority], type_: str) -> str:
    said = (_said(label(authority.server), authority.at_name.get(type_)) for authority in speaking)
    return few(said) or "no authoritative server speaks for the zone"


def _said(server: str, reply: Reply | None) -> str:
    if reply is None:
        return f"{server}: {Heard.NOT_ASKED}"
    return f"{server}: {'an answer without authority' if reply.heard.tells else reply.detail or reply.heard}"


def _handed_on(authority: Authority, name: str, zone: str) -> tuple[str, ...]:
    """Return the servers that the zone's own server refers to for the name: a delegation at it, or above it."""
    for reply in authority.at_name.values():
        parts = reply.authority if reply.heard is Heard.REFERRAL else reply.answer if reply.type == "NS" else ()
        for records in parts:
            if records.type == "NS" and records.name != zone and within(name, records.name):
                return records.values
    return ()

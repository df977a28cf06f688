"""Two bodies, compared in the manner that the old side's media type asks for."""

from harness.compare import binary, events, form, json_body, text, xml_diff
from harness.compare.collect import Collector
from harness.compare.media import Manner, MediaType, manner, media_type
from harness.model.difference import Kind
from harness.model.response import Body, Response
from harness.model.rule import BodyRule

_MOST_RECORDS = 300_000


def compare(old: Response, new: Response, rules: tuple[BodyRule, ...], out: Collector) -> None:
    """Compare the bodies; equal bytes are equal, but formats that rules ask for are looked at regardless."""
    if _faults(old.body, new.body, out):
        return
    mine, theirs = old.body.content, new.body.content
    media = media_type(old)
    how = manner(media)
    if mine == theirs:
        if how in (Manner.JSON, Manner.MAYBE_JSON, Manner.UNKNOWN):
            json_body.check(mine, mine, rules, out)
    elif not theirs:
        out.add("body", Kind.MISSING, _head(mine), None, note=f"{len(mine):,} bytes on the old side, none on the new")
    elif not mine:
        out.add("body", Kind.ADDED, None, _head(theirs), note=f"no byte on the old side, {len(theirs):,} on the new")
    else:
        _by_type(how, mine, theirs, (media, media_type(new)), rules, out)


def _faults(old: Body, new: Body, out: Collector) -> bool:
    """Tell whether a body is not coded as it declares; then its content is what came over the wire."""
    if not old.fault and not new.fault:
        return False
    faults = ((side, body) for side, body in (("old", old), ("new", new)) if body.fault)
    note = "; ".join(f"{side}: declared {body.coding or 'no coding'}: {body.fault}" for side, body in faults)
    if bool(old.fault) != bool(new.fault) or old.content != new.content:
        out.add("body", Kind.FORMAT, _head(old.content), _head(new.content), note=note)
    return True


def _by_type(
    how: Manner,
    old: bytes,
    new: bytes,
    media: tuple[MediaType, MediaType],
    rules: tuple[BodyRule, ...],
    out: Collector,
) -> None:
    maybe = how in (Manner.MAYBE_JSON, Manner.UNKNOWN)
    if how is Manner.JSON or (maybe and json_body.both_json(old, new)):
        json_body.compare(old, new, rules, out)
    elif how in (Manner.RECORDS, Manner.EVENTS) and max(old.count(b"\n"), new.count(b"\n")) > _MOST_RECORDS:
        text.compare(old, new, media, out)  # a record of one letter takes the room of fifty; lines are not held
    elif how is Manner.RECORDS:
        events.compare_records(old, new, rules, out)
    elif how is Manner.EVENTS:
        events.compare_events(old, new, rules, out)
    elif how is Manner.XML:
        xml_diff.compare(old, new, media, out)
    elif how is Manner.FORM:
        form.compare(old, new, out)
    elif how is Manner.BINARY or (how is Manner.UNKNOWN and (b"\0" in old or b"\0" in new)):
        binary.compare(old, new, out)
    else:
        text.compare(old, new, media, out)


def _head(content: bytes) -> str:
    return content[:4_096].decode(errors="replace")

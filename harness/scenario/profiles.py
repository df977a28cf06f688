"""`load.profile`: when requests arrive on each side.

`{rate: 50, for: 2m}`, a ramp `{rate: {from: 10, to: 100}, for: 5m}`, `{steps: [{rate: 10, for: 1m}, …]}`, a spike
`{rate: 20, for: 5m, spike: {rate: 200, at: 2m, for: 10s}}`, or `{replay: access.log, speed: 2, for: 10m}`.
"""

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from yaml.nodes import Node

from harness.scenario import texts, units
from harness.scenario.containers import ByKind, ListOf
from harness.scenario.context import Wrong
from harness.scenario.control import Place
from harness.scenario.files import existing
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Text, parsed, word
from harness.scenario.types import Profile, Segment

EXAMPLE = "such as profile: {rate: 50, for: 2m}"

_LONGEST = 7 * 86_400.0
_SHOWN_STEPS = 4
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_ALLOWED = {
    "rate": ("rate", "for", "spike", "arrivals"),
    "steps": ("steps", "arrivals"),
    "replay": ("replay", "speed", "for"),
}
_MISPLACED = {
    ("steps", "for"): "each step has its own `for`",
    ("steps", "spike"): "write the spike as a step",
    ("replay", "arrivals"): "a recording has its own times of arrival",
    ("replay", "spike"): "a recording has its own peaks",
}

Rate = float | Segment


def place(node: Node) -> Place:
    """Return where `node` stands."""
    mark = node.start_mark
    return Place(file=Path(mark.name), line=mark.line + 1, column=mark.column + 1)


def requests_of(segments: Sequence[Segment]) -> int:
    """Return how many requests a side gets: one each time that the summed rate passes a whole number, from 0 on."""
    return math.ceil(sum((part.start + part.end) / 2 * part.seconds for part in segments) - 1e-9)


def _ramp(fields: Fields) -> Segment:
    if not fields["from"] and not fields["to"]:
        raise fields.refuse("to", "a ramp from 0 to 0 sends nothing", "give one end more than 0, such as 20/s")
    return Segment(start=fields["from"], end=fields["to"], seconds=0.0)


_EXPECTED = "a rate such as 50 or 50/s, or a ramp {from: 10, to: 100}"
_FOR = parsed(units.duration, units.DURATION, "a duration such as 2m")
_AT = parsed(units.duration_or_none, units.DURATION, "a duration such as 30s")
_STEADY = parsed(units.rate, units.RATE, _EXPECTED, number=True)
_OR_NONE = parsed(units.rate_or_none, units.RATE, _EXPECTED, number=True)
_RAMP = Record(
    _ramp,
    Key("from", _OR_NONE, "requests per second at the beginning", required=True),
    Key("to", _OR_NONE, "requests per second at the end", required=True),
    name="ramp",
    about="A rate that rises or falls evenly.",
)
_SPIKE = Record(
    lambda fields: (fields["at"], Segment(start=fields["rate"], end=fields["rate"], seconds=fields["for"])),
    Key("rate", _STEADY, "requests per second while it lasts", required=True),
    Key("at", _AT, "when it begins, from the profile's start", required=True),
    Key("for", _FOR, "how long it lasts", required=True),
    name="spike",
    about="A short time of a higher rate.",
)


def _segment(rate: Rate, seconds: float) -> Segment:
    if isinstance(rate, Segment):
        return Segment(start=rate.start, end=rate.end, seconds=seconds)
    return Segment(start=rate, end=rate, seconds=seconds)


_STEP = Record(
    lambda fields: _segment(fields["rate"], fields["for"]),
    Key(
        "rate",
        ByKind[float, None, Segment](_EXPECTED, scalar=_OR_NONE, mapping=_RAMP),
        "requests per second; 0 for a pause, {from: …, to: …} for a ramp",
        required=True,
    ),
    Key("for", _FOR, "how long", required=True),
    name="load_step",
    about="A stretch of a load profile.",
)


def _profile(fields: Fields) -> Profile:
    kind = _kind_of(fields)
    match kind:
        case "steps":
            name, segments, text = "steps", _steps(fields), _steps_in_words(fields["steps"])
        case "replay":
            return _replay(fields)
        case _:
            name, segments, text = _by_rate(fields)
    if sum(part.seconds for part in segments) > _LONGEST:
        raise fields.refuse(kind, f"a load of more than {_span(_LONGEST)}", "send it in parts")
    poisson = fields["arrivals"] == "poisson"
    return Profile(
        kind=name,
        text=f"{text}, at random times" if poisson else text,
        segments=segments,
        poisson=poisson,
        written=place(fields.node),
    )


def _kind_of(fields: Fields) -> str:
    """Return the key that says what kind of profile this is; refuse what does not go with it."""
    kind, *others = fields.given("rate", "steps", "replay")
    if others:
        raise fields.refuse(others[0], f"a profile has both '{kind}' and '{others[0]}'", "keep one of them")
    for name in fields.nodes:
        if name not in _ALLOWED[kind]:
            hint = _MISPLACED.get((kind, name), f"it goes with {_owner(name)}")
            raise fields.refuse(name, f"'{name}' does not go with '{kind}'", f"{hint}: remove it")
    return kind


def _owner(name: str) -> str:
    return next(kind for kind, allowed in _ALLOWED.items() if name in allowed)


def _steps(fields: Fields) -> tuple[Segment, ...]:
    steps: tuple[Segment, ...] = fields["steps"]
    if not any(part.start or part.end for part in steps):
        raise fields.refuse("steps", "every step has a rate of 0, which sends nothing", "give one of them more than 0")
    return steps


def _by_rate(fields: Fields) -> tuple[str, tuple[Segment, ...], str]:
    if "for" not in fields:
        raise fields.refuse("", "missing key 'for'", f"how long, {EXAMPLE}")
    whole = _segment(fields["rate"], fields["for"])
    if "spike" in fields:
        return "spike", _spiked(whole, fields), _spike_in_words(whole, *fields["spike"])
    return "constant" if whole.start == whole.end else "ramp", (whole,), _in_words(whole)


def _spiked(whole: Segment, fields: Fields) -> tuple[Segment, ...]:
    at, spike = fields["spike"]
    if whole.start != whole.end:
        raise fields.refuse("spike", "a spike on a ramp", "a spike stands on one rate; write both as `steps`")
    if spike.start <= whole.start:
        message = f"a spike of {_rate(spike.start)} does not rise above {_rate(whole.start)}"
        raise fields.refuse("spike", message, "give it a higher rate; a lull is written as `steps`")
    after = whole.seconds - at - spike.seconds
    if after < 0:
        message = f"the spike ends after {_span(at + spike.seconds)}, the profile after {_span(whole.seconds)}"
        raise fields.refuse("spike", message, "let it begin earlier, or the profile last longer")
    parts = (_segment(whole.start, at), spike, _segment(whole.start, after))
    return tuple(part for part in parts if part.seconds)


def _replay(fields: Fields) -> Profile:
    file = existing(fields, "replay")
    assert file is not None
    speed: float = fields["speed"]
    text = f"{file.name} as recorded" if speed == 1 else f"{file.name} at {speed:g} times its speed"
    if "for" in fields:
        text += f", for {_span(fields['for'])} at most"
    return Profile(
        kind="replay",
        text=text,
        replay=file,
        speed=speed,
        seconds=fields["for"] or 0.0,
        written=place(fields.node),
    )


def _speed(text: str) -> float:
    if not _NUMBER.fullmatch(text) or not float(text):
        raise Wrong(f"'{text}' is no speed", "how many times as fast as recorded: 2, or 0.5 for half as fast")
    return float(text)


def _rate(rate: float) -> str:
    return f"{rate:.6g}/s"


def _span(seconds: float) -> str:
    """Return a time in its largest unit that leaves no rest: 2m, 90s, 500ms."""
    exact = Decimal(str(round(seconds, 6)))
    if not exact:
        return "0s"
    for unit, size in (("h", 3600), ("m", 60), ("s", 1)):
        if exact % size == 0:
            return f"{int(exact / size)}{unit}"
    return f"{(exact * 1000).normalize():f}ms" if exact < 1 else f"{exact.normalize():f}s"


def _in_words(part: Segment) -> str:
    if part.start == part.end:
        return f"{_rate(part.start)} for {_span(part.seconds)}"
    return f"{part.start:.6g} to {_rate(part.end)} in {_span(part.seconds)}"


def _steps_in_words(steps: tuple[Segment, ...]) -> str:
    if len(steps) <= _SHOWN_STEPS:
        return ", then ".join(map(_in_words, steps))
    peak = max(max(part.start, part.end) for part in steps)
    return f"{len(steps)} steps of up to {_rate(peak)}, {_span(sum(part.seconds for part in steps))} in all"


def _spike_in_words(whole: Segment, at: float, spike: Segment) -> str:
    return f"{_in_words(whole)}, with {_rate(spike.start)} for {_span(spike.seconds)} after {_span(at)}"


PROFILE = Record(
    _profile,
    Key(
        "rate",
        ByKind[float, None, Segment](_EXPECTED, scalar=_STEADY, mapping=_RAMP),
        "requests per second and side: 50, 50/s, 3000/m, or a ramp {from: 10, to: 100}",
    ),
    Key("for", _FOR, "how long: 2m; of a replay, how much of it at most"),
    Key("spike", _SPIKE, "a short time of a higher rate: {rate: 200, at: 2m, for: 10s}"),
    Key("steps", ListOf(_STEP, least=1, empty="no steps: nothing would be sent"), "stretches, one after the other"),
    Key("replay", Text(texts.one_line), "an access log whose times of arrival are kept, relative to this file"),
    Key(
        "speed",
        parsed(_speed, f"^{_NUMBER.pattern}$", "a number such as 2", number=True),
        "how many times as fast as recorded",
        absent=1.0,
        default=1,
    ),
    Key("arrivals", word("even", "poisson"), "evenly spaced, or at random", absent="even", default="even"),
    name="load_profile",
    about="When requests arrive, on each side.",
    among=("rate", "steps", "replay"),
    least=EXAMPLE,
)

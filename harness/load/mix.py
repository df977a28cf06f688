"""What a load is made of: the share of each case, from weights, from a recording, or all alike."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.load.matching import Matcher
from harness.load.recorded import recorded
from harness.load.schedule import place_of, wrong
from harness.model.errors import UsageError
from harness.scenario.credential import CertificateCredential
from harness.scenario.mixing import left_out, sent
from harness.scenario.types import Case, Scenario

_EXAMPLES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """`weights` by case name, which sum to 1; `operations` are those of these cases, in their order.

    `uncovered` is the share of the recording that no case stands for, `examples` its most frequent requests ("GET
    /orders (312)", without their queries). `left_out` says by name why a case is no part of the load. `source` says in
    words where the shares come from.
    """

    weights: Mapping[str, float]
    operations: tuple[str, ...]
    uncovered: float = 0.0
    examples: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    source: str = ""


def shares(scenario: Scenario) -> Shares:
    """Return the load's mix; raises ScenarioError, with its place, where nothing can be sent as it is asked for."""
    load = scenario.load
    assert load is not None
    mix = load.mix
    candidates = sent(mix, scenario.cases)
    where = mix.written.get("") or place_of(scenario)
    why = {case.name: left_out(mix, case) for case in scenario.cases if case not in candidates}
    if not candidates:
        raise wrong(where, "nothing to send: no case can be part of a load", _listed(why))
    if mix.recording is not None:
        found = _recorded(scenario, candidates, mix.recording)
    else:
        weights = mix.weights or dict.fromkeys((case.name for case in candidates), 1.0)
        found = Shares(weights=weights, operations=(), source="weights" if mix.weights else "case, all alike")
    whole = sum(found.weights.values())
    by_name = {case.name: case for case in candidates if case.name in found.weights}
    _check_certificates(scenario, by_name.values())
    return Shares(
        weights={name: found.weights[name] / whole for name in by_name},
        operations=tuple(dict.fromkeys(case.operation for case in by_name.values())),
        uncovered=found.uncovered,
        examples=found.examples,
        left_out=why,
        source=found.source,
    )


def _listed(reasons: Mapping[str, str]) -> str:
    return "; ".join(f"'{name}': {why}" for name, why in list(reasons.items())[:3])


def _recorded(scenario: Scenario, candidates: Sequence[Case], file: Path) -> Shares:
    """Return how often the recording asks for what each case stands for; cases alike to a request share it."""
    assert scenario.load is not None
    where = scenario.load.mix.written.get("") or place_of(scenario)
    try:
        recording = recorded(file)
    except UsageError as error:
        raise wrong(where, error.message, error.hint) from None
    matcher, counted = Matcher(scenario, candidates), recording.counted
    weights: dict[str, float] = {}
    others: Counter[str] = Counter()
    for (method, target), count in counted.items():
        names = matcher.match(method, target)
        for name in names:
            weights[name] = weights.get(name, 0.0) + count / len(names)
        if not names:
            others[f"{method} {target.partition('?')[0]}"] += count
    if not weights:
        hint = f"its most frequent: {', '.join(_examples(others)[:3])}"
        raise wrong(where, f"no case stands for any of the {counted.total():,} requests of {file.name}", hint)
    return Shares(
        weights=weights,
        operations=(),
        uncovered=others.total() / counted.total(),
        examples=_examples(others),
        source=f"{file.name} ({recording.format}, {counted.total():,} requests)",
    )


def _examples(others: Counter[str]) -> tuple[str, ...]:
    return tuple(f"{what[:200]} ({count:,})" for what, count in others.most_common(_EXAMPLES))


def _check_certificates(scenario: Scenario, cases: Iterable[Case]) -> None:
    """Raise ScenarioError where a side would see more than one client certificate: connections are shared."""
    load = scenario.load
    assert load is not None
    callers = {caller for case in cases for caller in load.callers or (case.steps[0].identity,)}
    for side in ("old", "new"):
        shown = {_certificate(scenario, caller, side) for caller in callers}
        if len(shown) > 1:
            message = f"the load's callers show {side} different client certificates, or one and none"
            raise wrong(
                place_of(scenario), message, "a load has one for each side: give it callers that share it (as: …)"
            )


def _certificate(scenario: Scenario, caller: str | None, side: str) -> bytes:
    if caller is None:
        return b""
    identity = scenario.identities[caller]
    credentials = identity.old if side == "old" else identity.new
    own = (one.certificate.certificate for one in credentials if isinstance(one, CertificateCredential))
    return next(own, b"")

"""Thresholds: METRIC OP VALUE [of OPERATION] [for TIME], the one grammar of every suite that measures.

METRIC     p50, p95, p99.9 … (p1 to p99.999), max, errors, throughput, capacity
OP         <=  <  >=  >
VALUE      800ms, 1.5s (latency); 0.5% (errors, capacity); 450/s (throughput)
           old, old * 1.2, 1.2 * old, old + 50ms, old * 1.1 + 20ms, old + 0.1pp (errors), history * 1.5 (latency)
           95% of planned, 95% of old (throughput)
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from harness.model.threshold import Base, Bound, Metric, Operator, Threshold
from harness.scenario import units
from harness.scenario.context import Wrong, guess

EXAMPLE = "such as p95 <= old * 1.2, p99 <= 800ms, errors <= old + 0.1pp or throughput >= 95% of planned"
PATTERN = (
    r"^ *(p[0-9]{1,2}(\.[0-9]{1,3})?|max|errors|throughput|capacity) *(<=|>=|<|>) *"
    r"([0-9]|old|planned|history).*$"
)

_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,9})?"
_WHOLE = re.compile(r"([^\s<>=≤≥]+) ?([<>=≤≥]+)(?![<>=≤≥]) ?(.+)")
_TAIL = re.compile(r"(.*?)(?: of (?!(?:planned|old|history)(?: |$))(.*?))?(?: for (.*))?")
_BASED = re.compile(rf"(?:({_NUMBER}) ?\* ?)?(old|planned|history)(?: ?\* ?({_NUMBER}))?(?: ?([+-]) ?(\S.*))?")
_PERCENT_OF = re.compile(rf"({_NUMBER}) ?% of (old|planned|history)")
_AMOUNT = re.compile(rf"({_NUMBER}) ?([a-z%/]*)")
_PERCENTILE = re.compile(r"p([0-9]{1,2}(?:\.[0-9]{1,3})?)")
_OPERATION = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+ /\S*")
_LONGEST = 300

_OPERATORS: dict[str, Operator] = {"<=": "<=", "<": "<", ">=": ">=", ">": ">"}
_SPELT = {"=<": "<=", "≤": "<=", "=>": ">=", "≥": ">="}
_METRICS = {"errors": Metric.ERRORS, "throughput": Metric.THROUGHPUT, "capacity": Metric.CAPACITY}
_AVERAGES = {"mean", "avg", "average", "latency", "median"}
_UNITS: dict[Metric, dict[str, Decimal]] = {
    Metric.LATENCY: {"ms": Decimal(1), "s": Decimal(1000)},
    Metric.ERRORS: {"%": Decimal("0.01"), "pp": Decimal("0.01")},
    Metric.CAPACITY: {"%": Decimal("0.01")},
    Metric.THROUGHPUT: {"/s": Decimal(1), "/m": 1 / Decimal(60), "/min": 1 / Decimal(60), "/h": 1 / Decimal(3600)},
}
_EXAMPLES = {Metric.LATENCY: "50ms", Metric.ERRORS: "0.1pp", Metric.THROUGHPUT: "5/s"}
_BASES: dict[Metric, dict[Base, str]] = {
    Metric.LATENCY: {Base.PLANNED: "what is planned is a rate: it goes with throughput"},
    Metric.ERRORS: {
        Base.PLANNED: "errors are a share of what was sent: write it alone, such as errors <= 0.5%",
        Base.HISTORY: "history is compared in latencies alone; write old + 0.1pp, or a share such as 0.5%",
    },
    Metric.THROUGHPUT: {Base.HISTORY: "history is compared in latencies alone; write 95% of planned"},
    Metric.CAPACITY: dict.fromkeys((Base.OLD, Base.PLANNED, Base.HISTORY), "it is absolute, such as capacity <= 60%"),
}
"""The bases that a metric has no use for, and why."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """The left side: its word, its metric, and of latencies the percentile."""

    word: str
    metric: Metric
    percentile: float = 0.0


def parse(text: str) -> Threshold:
    """Read a threshold; raises Wrong, quoting what will not do. Its place is left to the caller."""
    tidy = " ".join(text.split())
    if len(tidy) > _LONGEST:
        raise Wrong(f"a threshold of more than {_LONGEST} characters", EXAMPLE)
    found = _WHOLE.fullmatch(tidy)
    if not found:
        raise Wrong(f"'{tidy}' is no threshold", EXAMPLE)
    measured, operator = _measured(found[1]), _operator(found[2])
    tail = _TAIL.fullmatch(found[3])
    assert tail is not None  # its parts may all be empty
    return Threshold(
        text=f"{measured.word} {operator} {found[3]}",
        metric=measured.metric,
        percentile=measured.percentile,
        operator=operator,
        bound=_sensible(_bound(tail[1], measured), operator, measured, tail[1]),
        operation=_operation(tail[2]),
        seconds=units.duration(tail[3]) if tail[3] is not None else 0.0,
    )


def _measured(word: str) -> _Measured:
    if word in _METRICS:
        return _Measured(word, _METRICS[word])
    if word == "max":
        return _Measured(word, Metric.LATENCY, 1.0)
    found = _PERCENTILE.fullmatch(word)
    if found and Decimal(found[1]) >= 1:
        return _Measured(word, Metric.LATENCY, float(Decimal(found[1]) / 100))
    raise Wrong(f"'{word}' is nothing that is measured", _meant(word))


def _meant(word: str) -> str:
    if word.lower() in _AVERAGES:
        return "write a percentile, such as p50 or p95: an average hides the slow answers"
    if word.lower() == "p100":
        return "write max"
    if re.fullmatch(r"[pP][0-9.]+", word):
        digits = word[1:]
        meant = f"p{digits[:2]}.{digits[2:]}" if digits.isdigit() and len(digits) > 2 else f"p{digits}"
        return ("" if meant == word else f"did you mean '{meant}'? ") + "percentiles go from p1 to p99.999"
    return guess(word, ("p50", "p90", "p95", "p99", "max", *_METRICS))


def _operator(sign: str) -> Operator:
    if sign in _OPERATORS:
        return _OPERATORS[sign]
    hint = f"write {_SPELT[sign]}" if sign in _SPELT else "write <=, <, >= or >"
    raise Wrong(f"'{sign}' is not known here", hint)


def _operation(text: str | None) -> str:
    if text is None:
        return ""
    if not _OPERATION.fullmatch(text):
        raise Wrong(f"'{text}' is no operation", "METHOD /path after `of`, such as: p95 <= 800ms of GET /orders")
    return text


def _bound(text: str, measured: _Measured) -> Bound:
    percent = _PERCENT_OF.fullmatch(text)
    if percent:
        base, factor = Base(percent[2]), Decimal(percent[1]) / 100
        _check_base(base, measured)
        if measured.metric is not Metric.THROUGHPUT:
            raise Wrong(f"'{text}' goes with throughput alone", f"write {base.value} * {factor.normalize():f}")
        return Bound(base=base, factor=float(factor))
    based = _BASED.fullmatch(text)
    if based is None:
        return Bound(plus=_absolute(text, measured))
    before, word, after, sign, amount = based.groups()
    _check_base(Base(word), measured)
    if before and after:
        raise Wrong(f"two factors in '{text}'", f"write {word} * {Decimal(before) * Decimal(after):f}")
    plus = _amount(amount, measured, base=word) if amount else 0.0
    return Bound(base=Base(word), factor=float(before or after or 1), plus=-plus if sign == "-" else plus)


def _check_base(base: Base, measured: _Measured) -> None:
    why = _BASES[measured.metric].get(base)
    if why:
        raise Wrong(f"{measured.word} cannot be held against '{base.value}'", why)


def _absolute(text: str, measured: _Measured) -> float:
    if text[:1].isalpha():
        raise Wrong(f"'{text}' is no value for {measured.word}", _value_hint(text.partition(" ")[0], measured))
    return _amount(text, measured, base="")


def _value_hint(word: str, measured: _Measured) -> str:
    known = [base.value for base in Base if base and base not in _BASES[measured.metric]]
    if word in known:
        return f"write {word}, {word} * 1.2 or {word} * 1.2 + {_EXAMPLES[measured.metric]}"
    return guess(word, known) if known else _BASES[measured.metric][Base.OLD]


def _amount(text: str, measured: _Measured, *, base: str) -> float:
    """Return an amount in the metric's unit; with `base` it is what comes after it."""
    found = _AMOUNT.fullmatch(text)
    if not found:
        raise Wrong(f"'{text}' is no amount", _unit_hint("", "", measured, base))
    number, unit = found.groups()
    scale = _UNITS[measured.metric].get(unit)
    wrong_share = measured.metric is Metric.ERRORS and unit == ("%" if base else "pp")
    if scale is None or wrong_share:
        raise Wrong(_unit_message(text, unit, measured), _unit_hint(number, unit, measured, base))
    return float(Decimal(number) * scale)


def _unit_message(text: str, unit: str, measured: _Measured) -> str:
    return f"'{text}' does not fit {measured.word}" if unit else f"'{text}' has no unit"


def _unit_hint(number: str, unit: str, measured: _Measured, base: str) -> str:
    """Say how an amount is written: with the number as it stands, where only its unit is wrong."""
    metric = measured.metric
    if unit == "%" and base and metric is not Metric.ERRORS:
        return f"write {base} * {(1 + Decimal(number) / 100).normalize():f}"
    if metric is Metric.LATENCY:
        shown = f"{Decimal(number) * 60}s" if unit == "m" else f"{number}ms, {number}s"
        return f"latencies are in ms or s: {shown}" if number else "a number and ms or s, such as 800ms or 1.5s"
    if metric is Metric.ERRORS and base:
        return f"percentage points come after {base}: {base} + {number if unit in {'', '%'} and number else '0.1'}pp"
    if metric is Metric.THROUGHPUT:
        plan = "" if base else f", or a share of the plan: {number or '95'}% of planned"
        return f"requests per second: {number or '450'}/s{plan}"
    if not unit and number and Decimal(number) < 1:
        return f"a share of 100: {number}%, or {(Decimal(number) * 100).normalize():f}%, whichever is meant"
    return f"a share of 100: {number if unit in {'', 'pp'} and number else '0.5'}%"


def _sensible(bound: Bound, operator: Operator, measured: _Measured, text: str) -> Bound:
    """Refuse a bound that everything keeps to, or nothing."""
    metric = measured.metric
    if bound.base is not Base.NOTHING and not bound.factor:
        raise Wrong(f"'{text}' is 0 times {bound.base.value}", "give a factor of more than 0")
    if bound.base is Base.NOTHING:
        if metric in {Metric.ERRORS, Metric.CAPACITY} and bound.plus >= 1:
            raise Wrong(f"'{text}' is no bound for {measured.word}", "a share is never above 100%: give less")
        if not bound.plus and (metric is not Metric.ERRORS or operator in {"<", ">="}):
            raise Wrong(f"'{text}' is no bound for {measured.word}", "give more than 0")
    above = bound.factor > 1 or (bound.factor == 1 and (bound.plus > 0 or operator == ">"))
    if bound.base is Base.PLANNED and above and operator in {">=", ">"}:
        raise Wrong(f"'{text}' is more than what is sent", "at most what is planned can be answered: 95% of planned")
    return bound


def check_for_load(threshold: Threshold) -> None:
    """Raise Wrong for what the grammar knows and a load cannot be judged by."""
    if threshold.seconds:
        raise Wrong(f"'for' in '{threshold.text}': a load is judged as a whole", "remove it")
    more = threshold.metric is Metric.THROUGHPUT
    if (threshold.operator in {">=", ">"}) != more:
        turned = threshold.operator.translate(str.maketrans("<>", "><"))
        rest = threshold.text.partition(f" {threshold.operator} ")[2]
        hint = f"a threshold says what is allowed: {threshold.measured} {turned} {rest}"
        raise Wrong(f"'{threshold.text}' is the wrong way round", hint)
    if threshold.operation and threshold.metric is Metric.CAPACITY:
        raise Wrong("capacity is of the whole service, not of an operation", f"remove 'of {threshold.operation}'")
    if threshold.bound.base is Base.HISTORY:
        _check_history(threshold)


def _check_history(threshold: Threshold) -> None:
    if threshold.operation:
        hint = f"remove 'of {threshold.operation}', or compare with old"
        raise Wrong("history is of a whole stage, not of an operation", hint)
    if threshold.percentile == 1:
        raise Wrong("the slowest answer of all history is no measure", "write a percentile, such as p99")


DEFAULTS = tuple(parse(text) for text in ("p95 <= old * 1.2", "errors <= old + 0.1pp"))
"""What a load is held to where the section has no `thresholds`."""

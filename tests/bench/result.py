"""What a benchmark has to say: rows with a value, a unit and the aim that it should meet; printed or as JSON."""

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `most` or `least` is the aim, None where there is none; `note` says how it was measured."""

    name: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Tell whether the aim is met; None where there is none."""
        if self.most is None and self.least is None:
            return None
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text in columns."""
    lines = [(row.name, _number(row.value), row.unit, _aim(row), _mark(row.met), row.note) for row in rows]
    widths = [max((len(line[column]) for line in lines), default=0) for column in range(5)]
    return "\n".join(
        f"{name:<{widths[0]}}  {value:>{widths[1]}} {unit:<{widths[2]}}  {aim:<{widths[3]}}  {mark:<{widths[4]}}  {note}".rstrip()
        for name, value, unit, aim, mark, note in lines
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"


def _aim(row: Row) -> str:
    if row.most is not None:
        return f"≤ {_number(row.most)}"
    return f"≥ {_number(row.least)}" if row.least is not None else ""


def _mark(met: bool | None) -> str:
    return "" if met is None else "met" if met else "MISSED"


def main(name: str, measure: Callable[[argparse.Namespace], list[Row]], *options: tuple[str, int, str]) -> None:
    """Run one benchmark as a program: a table for people, one JSON object with `--json`."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.bench.{name}")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    for option, default, text in options:
        parser.add_argument(f"--{option}", type=int, default=default, help=f"{text} (default {default})")
    arguments = parser.parse_args()
    rows = measure(arguments)
    if arguments.json:
        json.dump({"bench": name, "rows": [asdict(row) | {"met": row.met} for row in rows]}, sys.stdout)
        sys.stdout.write("\n")
    else:
        print(table(rows))


def median_of_rounds(rounds: int, measures: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Measure each in turn, so often, and return the medians: what disturbs one round disturbs all of them."""
    values: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            values[name].append(measure())
    return {name: statistics.median(found) for name, found in values.items()}

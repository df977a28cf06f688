"""child.py as a Locust file with a client that sends nothing, and latencies that are a function of the slot."""

import importlib.util
import random
from pathlib import Path
from typing import Any

_FILE = Path(__file__).resolve().parents[2] / "harness/load/child.py"
_SPEC = importlib.util.spec_from_file_location("cutover_load_child", _FILE)
assert _SPEC
assert _SPEC.loader
child: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(child)

Load = child.Load


def durations(_: Any, job: Any, __: float) -> tuple[float, float]:
    """Return the latencies of a slot: the same in whichever process it falls."""
    chance = random.Random(job.slot * 2 + job.side)
    service = chance.lognormvariate(-4.0, 1.0)
    return service + chance.random() / 100, service


child.Connection.ask = lambda *_: (200, "")
child.Engine.durations = durations

"""Where the content that goes with the code is: suites, scenarios, report templates. Read by path, never imported."""

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def content_dir() -> Path:
    """Return the folder that holds `suites/`, `scenarios/` and `reports/`: inside the wheel, or the checkout's root."""
    packed = _HERE / "_content"
    return packed if packed.is_dir() else _HERE.parent

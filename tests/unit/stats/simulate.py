"""Many runs at once, for the sample tables: the same functions as in use, with blocks looked up instead of added."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from harness.stats.histogram import of
from harness.stats.odds import GRID, log_ratios
from harness.stats.quantile_test import p_value

Floats = NDArray[np.float64]


@cache
def _table(n_new: int, n_old: int, null: float, worse: bool, most_new: int, most_old: int) -> Floats:
    """Log ratios of every block (x_new, x_old) there can be."""
    rows = [
        [log_ratios((n_new, x_new, n_old, x_old), null, worse=worse) for x_old in range(most_old + 1)]
        for x_new in range(most_new + 1)
    ]
    return np.array(rows)


def _running(logs: Floats, sums: Floats) -> tuple[Floats, Floats]:
    """Return ln E after each block of (run, block, odds), and the new sums."""
    paths = np.cumsum(logs, axis=1) + sums[:, None, :]
    top = paths.max(axis=2)
    return top + np.log(np.exp(paths - top[:, :, None]).mean(axis=2)), paths[:, -1, :]


def blocks_until(
    rng: np.random.Generator,
    *,
    runs: int,
    blocks: int,
    sizes: tuple[int, int],
    shares: tuple[float, float],
    null: float = 1.0,
    worse: bool = True,
    alpha: float = 0.01,
    chunk: int = 50,
) -> Floats:
    """Return after how many blocks each run rejects (inf: not within `blocks`); sizes and shares are (new, old)."""
    n_new, n_old = sizes
    assert len(GRID) == 24
    found, sums = np.full(runs, np.inf), np.zeros((runs, len(GRID)))
    for start in range(0, blocks, chunk):
        open_ = np.flatnonzero(np.isinf(found))
        if not len(open_):
            break
        x_new = rng.binomial(n_new, shares[0], size=(len(open_), chunk))
        x_old = rng.binomial(n_old, shares[1], size=(len(open_), chunk))
        table = _table(n_new, n_old, null, worse, _round(x_new.max(), n_new), _round(x_old.max(), n_old))
        logs, sums[open_] = _running(table[x_new, x_old], sums[open_])
        reached = logs >= np.log(1 / alpha)
        reached[:, max(0, blocks - start) :] = False
        hit = reached.any(axis=1)
        found[open_[hit]] = start + 1 + reached[hit].argmax(axis=1)
    return found


def _round(most: int, n: int) -> int:
    """Few distinct table sizes, so the cache serves."""
    return int(min(n, 8 * (most // 8 + 1)))


LOOKS = np.geomspace(100, 20_000, 40).astype(int)  # requests a side


def requests_until(
    rng: np.random.Generator,
    *,
    runs: int,
    p: float,
    sigma: float,
    slower: float,
    margin: float = 0.0,
    worse: bool = True,
    alpha: float = 0.01,
) -> Floats:
    """Return at which of LOOKS the quantile test rejects in each run (inf: at none); latencies are lognormal."""
    found = np.full(runs, np.inf)
    for run in range(runs):
        old, new = 50_000 * np.exp(sigma * rng.standard_normal((2, LOOKS[-1])))
        for look in LOOKS:
            arms = (of(old[:look]), of(slower * new[:look]))
            if p_value(*arms, p, margin=margin, worse=worse, alpha=alpha) <= alpha:
                found[run] = look
                break
    return found

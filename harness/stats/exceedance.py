"""Is new slower? Counted as how often each side exceeds one limit: robust to drift, and exact with unequal traffic.

The limit has to be fixed before the samples that are judged by it (old's p95 of an earlier run, or a tenth of this
one): then exceedances are events like errors, and odds.py judges them block by block.
"""

import math
from collections.abc import Iterable

import numpy as np
from scipy.special import logsumexp

from harness.stats.histogram import Histogram
from harness.stats.odds import GRID, OddsRatio


def exceedance(
    blocks: Iterable[tuple[Histogram, Histogram]], limit_us: float, *, null: float = 1.0, worse: bool = True
) -> OddsRatio:
    """Return the evidence about the odds of exceeding `limit_us` (µs), from blocks of (old, new)."""
    test = OddsRatio(null, worse=worse)
    for old, new in blocks:
        test.add(new.total, new.above(limit_us), old.total, old.above(limit_us))
    return test


def paired_sign(discordant_new: int, discordant_old: int) -> float:
    """Return the e-value that new exceeds the limit more often, from pairs of the same request in random order.

    Only pairs of which one alone exceeds it count: `discordant_new` where that was new. Under the null each is as
    likely as the other, or old likelier; mixed over the grid of odds ratios. Infinite where a float cannot hold it.
    """
    odds = np.asarray(GRID)
    new_alone = math.log(2) + np.log(odds / (1 + odds))
    old_alone = math.log(2) - np.log1p(odds)
    log_e = float(logsumexp(discordant_new * new_alone + discordant_old * old_alone)) - math.log(len(odds))
    return math.exp(log_e) if log_e < 700 else math.inf

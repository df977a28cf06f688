"""Is new's rate of errors worse? Tests on the odds ratio of two shares that may be looked at after every block.

A block (a minute of one route) gives n requests and x events a side. Given m = x_new + x_old, x_new follows Fisher's
noncentral hypergeometric distribution, whose one parameter is the odds ratio: whatever rate both sides share in that
block cancels. Likelihood ratios against the null, mixed over a grid of odds ratios and multiplied over blocks, are an
e-process: under the null it ever reaches 1 / alpha with a probability of at most alpha.

Sources: ter Schure, Perez-Ortiz, Ly & Grünwald, NEJSDS 2024 (doi 10.51387/24-NEJSDS65); Turner, Ly & Grünwald (arXiv
2106.02693) and Turner & Grünwald (2302.11401) for blocks; Shin, Ramdas & Rinaldo, "E-detectors" (NEJSDS 2023), for late
onsets. The grid and the margin (`null` other than 1) are this project's composition. Requests of one block are taken
for independent: a storm of retries is one event, and has to be counted as one beforehand.
"""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy.special import gammaln, logsumexp

from harness.stats.histogram import Floats
from harness.stats.intervals import Interval

GRID: tuple[float, ...] = tuple(np.geomspace(1.25, 50.0, 24).tolist())
_NUMERATOR = np.geomspace(1.02, 50.0, 40)  # of intervals, which get narrow with many events: finer than the grid
_FARTHEST = 1e6  # odds ratios beyond are told as 0 or infinite

Block = tuple[int, int, int, int]


def log_likelihoods(block: Block, odds: Floats) -> Floats:
    """Return ln P(x_new | m; ω) for each odds ratio ω; `block` is (n_new, x_new, n_old, x_old).

    Raises ValueError where x exceeds n or a count is negative.
    """
    n_new, x_new, n_old, x_old = block
    if not (0 <= x_new <= n_new and 0 <= x_old <= n_old):
        raise ValueError(f"impossible counts: {x_new} of {n_new} new, {x_old} of {n_old} old")
    m = x_new + x_old
    first, last = max(0, m - n_old), min(m, n_new)
    eta = np.log(odds)
    if first == last:  # no event, a side without requests, or events everywhere: nothing to learn
        return np.zeros(len(eta))
    support = np.arange(first, last + 1, dtype=np.float64)
    ways = _log_choose(n_new, support) + _log_choose(n_old, m - support)
    return np.asarray(ways[x_new - first] + eta * x_new - _log_z(ways, first, eta, m))


def _log_z(ways: Floats, first: int, eta: Floats, m: int) -> Floats:
    """Return ln of the sum over x of ways * ω^x for each η = ln ω.

    With many events only what lies within 12 standard deviations (at most sqrt(m) / 2 each) of the mode is summed: less
    than 1e-30 of the sum is left out.
    """
    reach = 6 * math.isqrt(m) + 50
    if len(ways) <= 2 * reach + 1:
        return _log_sum(ways + eta[:, None] * np.arange(first, first + len(ways)))
    modes = np.searchsorted(-np.diff(ways), eta)  # the ways are log-concave
    starts = np.clip(modes - reach, 0, len(ways) - 2 * reach - 1)
    places = starts[:, None] + np.arange(2 * reach + 1)
    return _log_sum(ways[places] + eta[:, None] * (first + places))


def _log_choose(n: int, k: Floats) -> Floats:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def _log_sum(rows: Floats) -> Floats:
    """Return ln of the sum of exponentials of each row: as scipy's logsumexp, without what that costs a small one."""
    top = rows.max(axis=1)
    return np.asarray(top + np.log(np.exp(rows - top[:, None]).sum(axis=1)))


def log_ratios(block: Block, null: float = 1.0, *, worse: bool = True, grid: Sequence[float] = GRID) -> Floats:
    """Return ln f(x; ω_j) / f(x; null) of one block for each alternative: null * g where `worse`, else null / g."""
    ratios = np.asarray(grid, dtype=np.float64)
    alternatives = null * (ratios if worse else 1 / ratios)
    likelihoods = log_likelihoods(block, np.append(alternatives, null))
    return np.asarray(likelihoods[:-1] - likelihoods[-1])


class OddsRatio:
    """The conditional odds-ratio e-process: evidence, block by block, against a null about ω = odds of new / of old.

    `worse` tests ω <= null (evidence for a rollback), otherwise ω >= null (evidence for GO, null 2: "not twice as
    bad"). Either may be looked at after any block.
    """

    def __init__(self, null: float = 1.0, *, worse: bool = True, grid: Sequence[float] = GRID) -> None:
        self.null = null
        self.worse = worse
        self._grid = tuple(grid)
        self._sums = np.zeros(len(self._grid))
        self._best = 0.0
        self._blocks: Counter[Block] = Counter()

    def add(self, n_new: int, x_new: int, n_old: int, x_old: int) -> None:
        """Add a block: `x` events among `n` requests of each side. Raises ValueError on counts that cannot be."""
        block = (n_new, x_new, n_old, x_old)
        self._sums += log_ratios(block, self.null, worse=self.worse, grid=self._grid)
        self._blocks[block] += 1
        self._best = max(self._best, self.log_e)

    @property
    def log_e(self) -> float:
        """Return ln of the evidence now: the mean over the grid, 0 before the first block."""
        return float(logsumexp(self._sums) - math.log(len(self._grid)))

    @property
    def e_value(self) -> float:
        """Return the evidence now; reject the null at 1 / alpha. Infinite where a float cannot hold it."""
        return math.exp(self.log_e) if self.log_e < 700 else math.inf

    @property
    def p_value(self) -> float:
        """Return the anytime-valid p-value: 1 over the most evidence there has been."""
        return min(1.0, math.exp(-self._best))

    def interval(self, alpha: float) -> Interval:
        """Return the odds ratios that are not rejected at `alpha`: they hold the true one at all times together.

        The evidence against each is a mixture of odds ratios in both directions, near to 1 and far from it. 0 or
        infinity where the blocks set no bound.
        """
        both = np.concatenate((1 / _NUMERATOR, _NUMERATOR))
        limit = float(logsumexp(self._logs(both))) - math.log(len(both)) + math.log(alpha)
        odds = np.geomspace(1 / _FARTHEST, _FARTHEST, 600)
        top = int(np.clip(np.argmax(self._logs(odds)), 1, len(odds) - 2))
        odds = np.union1d(odds, np.geomspace(odds[top - 1], odds[top + 1], 200))  # with many events all is close to it
        logs = self._logs(odds)
        kept = np.flatnonzero(logs >= min(limit, float(logs.max())))  # one stretch: the likelihood is log-concave
        low = self._edge(odds[kept[0]], odds[kept[0] - 1], limit) if kept[0] > 0 else 0.0
        high = self._edge(odds[kept[-1]], odds[kept[-1] + 1], limit) if kept[-1] < len(odds) - 1 else math.inf
        return Interval(low, high, 1 - alpha)

    def _logs(self, odds: Floats) -> Floats:
        """Return the log-likelihood of all blocks at each odds ratio."""
        total = np.zeros(len(odds))
        for block, times in self._blocks.items():
            total += times * log_likelihoods(block, odds)
        return total

    def _edge(self, inside: float, outside: float, limit: float) -> float:
        """Return the first odds ratio on the way out whose log-likelihood is below `limit`."""
        way = np.geomspace(inside, outside, 100)[1:]
        return float(way[np.argmax(np.append(self._logs(way[:-1]) < limit, True))])


class ShiryaevRoberts:
    """The same test for a rate that turns worse late: it forgets good hours (Shiryaev-Roberts per odds ratio, mixed).

    S_t = (S_t-1 + 1) * e_t; an alarm where S >= horizon / alpha. S_t - t is a supermartingale, so a false alarm within
    `horizon` blocks has a probability of at most alpha. Beside an OddsRatio, each takes half of alpha.
    """

    def __init__(
        self, null: float = 1.0, *, horizon: int, alpha: float, worse: bool = True, grid: Sequence[float] = GRID
    ) -> None:
        self.null = null
        self.worse = worse
        self.horizon = horizon
        self.blocks = 0
        self.log_limit = math.log(horizon / alpha)
        self._grid = tuple(grid)
        self._logs = np.full(len(self._grid), -math.inf)
        self._best = -math.inf

    def add(self, n_new: int, x_new: int, n_old: int, x_old: int) -> None:
        """Add a block, as OddsRatio.add. Raises ValueError past the horizon: the promise ends there."""
        if self.blocks >= self.horizon:
            raise ValueError(f"more blocks than the horizon of {self.horizon}")
        ratios = log_ratios((n_new, x_new, n_old, x_old), self.null, worse=self.worse, grid=self._grid)
        self._logs = np.logaddexp(self._logs, 0.0) + ratios
        self.blocks += 1
        self._best = max(self._best, self.log_s)

    @property
    def log_s(self) -> float:
        """Return ln of the statistic now; -inf before the first block."""
        return float(logsumexp(self._logs) - math.log(len(self._grid)))

    @property
    def alarmed(self) -> bool:
        """Tell whether the limit was ever reached."""
        return self._best >= self.log_limit


def combined_threshold(k: int, alpha: float) -> float:
    """Return the evidence that one of `k` tests needs where any of them alone may roll back: k / alpha (Bonferroni).

    GO needs every test's null rejected: there the threshold is 1 / alpha for each, without a correction.
    """
    return k / alpha

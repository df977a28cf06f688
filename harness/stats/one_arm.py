"""Is one side's share of errors below a limit of its own? For SLOs, and where old has next to no errors.

Source: the beta-binomial mixture of mixture.py, truncated to one side of the limit. May be looked at at any time.
"""

import math

import numpy as np

from harness.stats.mixture import best_at


def clean_requests(limit: float, alpha: float) -> int:
    """Return how many requests without one error it takes at least to say "below `limit`" at `alpha`.

    ln(1 / alpha) / -ln(1 - limit): no test needs fewer; 919 for 0.5 % at 1 %.
    """
    return math.ceil(math.log(1 / alpha) / -math.log1p(-limit))


def log_e(n: int, x: int, limit: float, *, worse: bool = False, alpha: float = 0.01) -> float:
    """Return ln of the e-value from `x` errors of `n`: against "the share is at least `limit`", which speaks for GO.

    `worse`: against "at most `limit`", which speaks for FAIL. `alpha` only tunes where it is sharpest. Raises
    ValueError where the counts cannot be.
    """
    if not 0 <= x <= n:
        raise ValueError(f"impossible counts: {x} of {n}")
    mixture = best_at(clean_requests(limit, alpha), limit, min(2 * alpha, 0.5))
    counts = np.array([x], dtype=np.int64)
    return float((mixture.log_above if worse else mixture.log_below)(counts, n)[0])


def e_value(n: int, x: int, limit: float, *, worse: bool = False, alpha: float = 0.01) -> float:
    """Return the e-value, as log_e; reject at 1 / alpha. Infinite where a float cannot hold it."""
    log = log_e(n, x, limit, worse=worse, alpha=alpha)
    return math.exp(log) if log < 700 else math.inf

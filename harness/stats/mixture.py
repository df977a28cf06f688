"""The beta-binomial mixture: evidence about one share that may be looked at after every sample.

M = E[θ^k (1-θ)^(n-k)] / (p^k (1-p)^(n-k)) for θ from a beta distribution with mean p, as wide as is best at `t_opt`
samples. Truncated to one side of p it tests a one-sided null.
Source: Howard, Ramdas, McAuliffe & Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences" (Ann.
Stat. 49, 2021; arXiv 1810.08240); `c` as in confseq's beta_binomial_mixture_bound.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincc, betaln

from harness.stats.histogram import Floats, Ints

_UNDERFLOW = 1e-280


@dataclass(frozen=True, slots=True)
class Mixture:
    """A beta(a, b) prior about the share p."""

    a: float
    b: float

    @property
    def p(self) -> float:
        """Return the share that the null is about."""
        return self.a / (self.a + self.b)

    def log_two_sided(self, k: Ints, n: int) -> Floats:
        """Return ln M where `k` of `n` were seen, against "the share is p"."""
        p = self.p
        posterior = betaln(self.a + k, self.b + n - k)
        return np.asarray(posterior - betaln(self.a, self.b) - k * math.log(p) - (n - k) * math.log1p(-p))

    def log_below(self, k: Ints, n: int) -> Floats:
        """Return ln M against "the share is at least p"; falls as k grows."""
        mass = _log_mass(self.a + k, self.b + n - k, self.p)
        return self.log_two_sided(k, n) + mass - math.log(float(betainc(self.a, self.b, self.p)))

    def log_above(self, k: Ints, n: int) -> Floats:
        """Return ln M against "the share is at most p"; grows with k."""
        mass = _log_mass(self.b + n - k, self.a + k, 1 - self.p)
        return self.log_two_sided(k, n) + mass - math.log(float(betaincc(self.a, self.b, self.p)))


def best_at(t_opt: float, p: float, alpha: float) -> Mixture:
    """Return the mixture that is narrowest at about `t_opt` samples, for a two-sided test at `alpha`."""
    evidence = math.log(1 / alpha)
    c = t_opt / (2 * evidence + math.log1p(2 * evidence)) - 1
    c = max(c, 1.0)  # fewer samples than a prior is worth: as flat as makes sense
    return Mixture(c * p, c * (1 - p))


def _log_mass(a: Floats, b: Floats, p: float) -> Floats:
    """Return ln of the regularised incomplete beta function I_p(a, b), from below where a float cannot hold it.

    I_p(a, b) = p^a (1-p)^b / (a B(a, b)) * (1 + positive terms); DLMF 8.17.8.
    """
    mass = betainc(a, b, p)
    tiny = mass < _UNDERFLOW
    logs = np.log(np.where(tiny, 1.0, mass))
    if not np.any(tiny):
        return np.asarray(logs)
    bound = a * math.log(p) + b * math.log1p(-p) - np.log(a) - betaln(a, b)
    return np.asarray(np.where(tiny, bound, logs))

"""The few statistics every number stands on: intervals for shares and for medians."""

from __future__ import annotations

from math import ceil, floor, sqrt

Z = 1.959963984540054  # two-sided 95 %
FEW = 10  # below this many a share or a median is not shown: "too few to say"


def wilson(k: float, n: int, z: float = Z) -> tuple[float, float] | None:
    """Wilson's interval for the share k of n, both between 0 and 1; None without any.

    Also for the mean of n values between 0 and 1 that add up to k: they spread at most as much as hits and misses."""
    if n <= 0:
        return None
    p = k / n
    middle = p + z * z / (2 * n)
    spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    low = 0.0 if k == 0 else max(0.0, (middle - spread) / whole)
    high = 1.0 if k == n else min(1.0, (middle + spread) / whole)
    return low, high


def quantile_ranks(n: int, q: float, z: float = Z) -> tuple[int, int] | None:
    """Which two of n sorted values (counted from 0) enclose the q-quantile with 95 % confidence.

    By the normal approximation to the binomial: it asks nothing of how the values are spread. None where n is
    too small for such an interval to exist.
    """
    spread = z * sqrt(n * q * (1 - q))
    low, high = floor(n * q - spread), ceil(n * q + spread) + 1
    return (low - 1, high - 1) if low >= 1 and high <= n else None

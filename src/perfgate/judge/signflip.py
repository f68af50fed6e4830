"""Whether paired scores lie above zero: the sign-flip test, with its far tail by a saddlepoint.

Where nothing differs between the two sides of a pair, its score is as likely to be positive as negative, whatever its
size; so the signs can be flipped, and the share of all 2^n flips whose sum is at least the one seen is an exact
p-value: no distribution is assumed, a pair may be as wild as it likes, and the result holds for few pairs (Fisher,
The Design of Experiments, 1935, section 21; for scores in general: Hemerik, Goeman and Finos, Robust testing in
generalized linear models by sign flipping score contributions, JRSS B 82, 2020). A verdict over many checks needs
p-values near 1e-5, far beyond what random flips reach; the tail is therefore computed by the Lugannani-Rice formula
for the sum of the flipped scores (Robinson, Saddlepoint approximations for permutation tests, JRSS B 44, 1982).

Why not Student's t: where many scores are zero (an endpoint with few requests a block, at p95) its tail is up to eight
times too thin for twenty pairs; elsewhere both find the same. A mean of all scores lets one wild pair hide every
change, so those of means and ratios are clipped first, symmetrically, at a bound made of their sizes alone, which keeps
the test exact. Counts are bounded by what there was to count, and are left as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SIZE_QUANTILE = 0.8
_CLIP = 2.3  # sizes beyond it; for normal scores three standard deviations: nothing of their power is lost
_NEAR = 0.5  # standard deviations from the middle within which the normal distribution serves
_STEP_QUANTILE = 0.1
_STEPS = 60


def clipped(scores: Floats) -> Floats:
    """Scores, each row at most 2.3 times its 80 % quantile of sizes.

    Zeros are of pairs that say nothing, and are no part of it: with few requests a block they would make the bound, and
    clip the pairs that do.

    Args:
        scores: one row per check, one column per pair.
    """
    ordered = np.sort(np.abs(scores), axis=-1)
    filled = (ordered > 0).sum(axis=-1, keepdims=True)
    place = ordered.shape[-1] - filled + np.rint(_SIZE_QUANTILE * (filled - 1)).astype(np.int64)
    bounds = _CLIP * np.take_along_axis(ordered, np.minimum(place, ordered.shape[-1] - 1), axis=-1)
    bounds = np.where(bounds > 0, bounds, np.inf)
    return np.clip(scores, -bounds, bounds)


def p_above(scores: Floats) -> Floats:
    """One-sided p-values for "the scores lie above zero"; small means they do.

    Args:
        scores: one row per check, one column per pair; clipped already.

    Returns:
        One value per row; 1 where all scores are zero.
    """
    sizes = np.abs(scores)
    largest = sizes.max(axis=-1, initial=0.0)
    unit = np.where(largest > 0, largest, 1.0)[..., None]
    return _tails(scores / unit)


def _tails(scores: Floats) -> Floats:
    from scipy.special import ndtr  # 0.1 s to import

    sums = scores.sum(axis=-1)
    spread = np.sqrt((scores**2).sum(axis=-1))
    filled = (scores != 0).sum(axis=-1)
    same_sign = (np.abs(np.sign(scores).sum(axis=-1)) == filled) & (filled > 0)
    sums = np.sign(sums) * np.maximum(np.abs(sums) - _half_step(np.abs(scores)), 0.0)
    z = np.divide(sums, spread, out=np.zeros_like(sums), where=spread > 0)
    result = np.where(spread > 0, ndtr(-z), 1.0)
    far = (np.abs(z) > _NEAR) & ~same_sign
    if far.any():
        upper = _lugannani_rice(np.abs(scores[far]), np.abs(sums[far]))
        result[far] = np.where(sums[far] > 0, upper, 1 - upper)
    least = 0.5**filled  # all flips but the one seen are smaller
    result = np.where(same_sign, np.where(sums > 0, least, 1.0), result)
    return np.asarray(np.clip(result, least, 1.0))


def _half_step(sizes: Floats) -> Floats:
    """Half the step in which the sum moves where scores are few counts: the continuity correction; else next to 0."""
    ordered = np.sort(np.where(sizes > 0, sizes, np.inf), axis=-1)
    filled = (sizes > 0).sum(axis=-1)
    place = np.minimum(np.ceil(_STEP_QUANTILE * filled).astype(np.int64), np.maximum(filled - 1, 0))
    step = np.take_along_axis(ordered, place[..., None], axis=-1)[..., 0]
    return np.asarray(np.where(np.isfinite(step), step, 0.0))


def _lugannani_rice(sizes: Floats, sums: Floats) -> Floats:
    """P(sum of randomly signed sizes >= sums), for sums well above zero and below the sum of all sizes."""
    from scipy.special import ndtr

    tilt = _saddlepoints(sizes, sums)
    tilted = tilt[:, None] * sizes
    # log cosh x = |x| + log1p(exp(-2|x|)) - log 2, without overflow
    cumulant = (tilted + np.log1p(np.exp(-2 * tilted)) - np.log(2)).sum(axis=-1)
    curvature = (sizes**2 / np.cosh(np.minimum(tilted, 300.0)) ** 2).sum(axis=-1)
    w = np.sqrt(np.maximum(2 * (tilt * sums - cumulant), 1e-12))
    u = np.maximum(tilt * np.sqrt(curvature), 1e-12)
    density = np.exp(-(w**2) / 2) / np.sqrt(2 * np.pi)
    # Chernoff's bound holds always; the formula is an approximation.
    return np.asarray(np.clip(ndtr(-w) + density * (1 / u - 1 / w), 0.0, np.exp(-(w**2) / 2)))


def _saddlepoints(sizes: Floats, sums: Floats) -> Floats:
    """Where the derivative of the cumulant, sum of x tanh(t x), is the sum seen: Newton within a bracket."""
    low, high = np.zeros_like(sums), np.full_like(sums, 1e6)
    tilt = sums / (sizes**2).sum(axis=-1)
    for _ in range(_STEPS):
        slopes = np.tanh(tilt[:, None] * sizes)
        error = (sizes * slopes).sum(axis=-1) - sums
        low, high = np.where(error < 0, tilt, low), np.where(error > 0, tilt, high)
        if np.all(np.abs(error) <= 1e-10 * sums):
            break
        curvature = (sizes**2 * (1 - slopes**2)).sum(axis=-1)
        step = np.divide(error, curvature, out=np.full_like(error, np.inf), where=curvature > 1e-12)
        tilt = tilt - step
        outside = ~((tilt > low) & (tilt < high))
        tilt = np.where(outside, np.where(low > 0, np.sqrt(np.maximum(low, 1e-9) * high), high / 1e3), tilt)
    return np.asarray(tilt)

"""Which pixels came to stand together: they are one vehicle's, and what stands beside it came at another time."""

from __future__ import annotations

import cv2
import numpy as np

from connectors.camera.analytics.layers import Mask, Plane

SAME_STOP_S = 5.0
"""Parts that came to stand within so many seconds of each other, and touch, are one vehicle."""
ROLLS_S = 10.0
"""For so long it may roll on, or back into its place, and be seen part by part."""
EVEN_PART = 2.5
"""A vehicle with its even parts is at most so many times what shows of it; what is larger is a shade it stands in."""


def same_stop(held: Mask, ages: Plane) -> Mask:
    """Return what came to stand with most of `held`; not what it came to stand beside, nor who came beside it.

    `ages`: seconds for which each pixel has been held. All planes have the shape (height, width).
    """
    usual = _usual(held, ages)
    return held & (ages <= usual + SAME_STOP_S) & (ages > usual - ROLLS_S)


def with_even_parts(stop: Mask, stands: Mask, ages: Plane) -> Mask:
    """Return a stop with the even parts that came with it, which show nothing of their own."""
    usual = _usual(stop, ages)
    _, labels = cv2.connectedComponents((stands & (np.abs(ages - usual) < SAME_STOP_S)).astype(np.uint8))
    grown = stop | (np.isin(labels, np.unique(labels[stop])) & (labels > 0))
    return grown if int(grown.sum()) <= EVEN_PART * int(stop.sum()) else stop


def _usual(held: Mask, ages: Plane) -> float:
    """Return the age most of `held` has, in seconds; 0 where nothing is held."""
    among = ages[held]
    if not among.size:
        return 0.0
    counts, edges = np.histogram(among, bins=max(int(among.max()) // 2, 1))
    return float(edges[int(counts.argmax()) + 1])

"""Small synthetic pictures for the tests of what stands, crosses and is tampered with. Luma, shape (height, width)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import cv2
import numpy as np
from hypothesis import strategies as st

from connectors.camera.seeing import Analytic, Colour, Frame, Grey, Sighting

START = datetime(2026, 11, 1, 4, tzinfo=UTC)
SIZE = (120, 160)


def frame(grey: Grey, s: float) -> Frame:
    def colour() -> Colour:
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)

    return Frame(START + timedelta(seconds=s), s, grey, colour)


def street(seed: int = 1) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A ground with some texture, as floats."""
    rough = np.random.default_rng(seed).normal(0, 40, (30, 40)).astype(np.float32)
    return 110 + cv2.resize(rough, SIZE[::-1], interpolation=cv2.INTER_CUBIC)


def with_car(ground: np.ndarray[Any, np.dtype[np.float32]], x: float, y: float = 50) -> Any:
    """Draw a car, 46 x 24 pixels, with its left upper corner at (x, y)."""
    seen, x, y = ground.copy(), round(x), round(y)
    for left, top, right, bottom, grey in ((0, 0, 46, 24, 225), (10, 3, 18, 21, 40), (32, 3, 38, 21, 60)):
        seen[y + top : y + bottom, max(x + left, 0) : max(x + right, 0)] = grey
    return seen


def noisy(seen: Any, number: int) -> Grey:
    noise = np.random.default_rng(number).normal(0, 2, SIZE)
    return np.asarray(np.clip(seen + noise, 0, 255), np.uint8)


def said(analytic: Analytic, frames: list[Frame]) -> list[tuple[float, Sighting]]:
    return [(one.s, sighting) for one in frames for sighting in analytic.look(one)]


def strange_frames() -> st.SearchStrategy[list[Frame]]:
    """Frames of changing size, noise and even pictures, at times that stand still or leap."""
    sizes = st.sampled_from([(1, 1), (3, 40), (48, 64), (64, 48), (90, 160)])
    grounds = st.one_of(st.just("noise"), st.integers(0, 255))
    steps = st.sampled_from([0.0, 0.001, 0.2, 0.5, 3.0, 400.0])
    drawn = st.lists(st.tuples(sizes, grounds, steps, st.integers(1, 6)), min_size=1, max_size=6)

    def make(parts: list[tuple[tuple[int, int], Any, float, int]]) -> list[Frame]:
        frames, s, dice = [], 1e6, np.random.default_rng(3)
        for size, ground, step, count in parts:
            for _ in range(count):
                s += step
                even = np.full(size, ground, np.uint8) if ground != "noise" else None
                frames.append(frame(dice.integers(0, 256, size, np.uint8) if even is None else even, s))
        return frames

    return drawn.map(make)

"""Films as analytics get them: luma first, time from the stream's own clock; and one analytic watching one film."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from connectors.camera.seeing import Analytic, Colour, Frame, Sighting

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Watched(NamedTuple):
    """What an analytic said of a film: (s when it said so, what), and its processor time per picture, milliseconds."""

    said: list[tuple[float, Sighting]]
    cost_ms: list[float]


def film(path: Path) -> Iterator[Frame]:
    """Yield a film's pictures; the first is at 0 s and at `BEGAN`."""
    with av.open(str(path)) as container:
        rate = float(container.streams.video[0].average_rate or 25)
        first: float | None = None
        for number, picture in enumerate(container.decode(video=0)):
            at = float(picture.time) if picture.time is not None else number / rate
            first = at if first is None else first
            yield Frame(BEGAN + timedelta(seconds=at - first), at - first, _luma(picture), _colours(picture))


def watch(analytic: Analytic, frames: Iterator[Frame]) -> Watched:
    """Let an analytic see all of a film."""
    said, cost = [], []
    for frame in frames:
        began = time.process_time()
        sightings = analytic.look(frame)
        cost.append(1000 * (time.process_time() - began))
        said += [(frame.s, sighting) for sighting in sightings]
    return Watched(said, cost)


def _luma(picture: av.VideoFrame) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    if picture.format.name.startswith("yuv"):
        return np.ascontiguousarray(picture.to_ndarray()[: picture.height, : picture.width])
    return np.asarray(picture.to_ndarray(format="gray"))


def _colours(picture: av.VideoFrame) -> Callable[[], Colour]:
    return lambda: np.asarray(picture.to_ndarray(format="bgr24"), dtype=np.uint8)

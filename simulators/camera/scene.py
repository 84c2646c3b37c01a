"""What a scene is: pictures in order, and the truth about them.

A scene is a pure function of its arguments, the seed among them: `frames()` yields the same bytes each time. **Seeds
below 1000 are for tuning; tests and published figures use 1000 and above**, so that nothing is judged on what it was
tuned on.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
from numpy.typing import NDArray

#: One picture: BGR, shape (height, width, 3), uint8.
Picture = NDArray[np.uint8]
#: The lowest seed that tests may use; tuning stays below.
TEST_SEEDS = 1000


class Scene(Protocol):
    """Something a camera looks at for a while.

    `truth` is ready for JSON: what happens, where (boxes [x0, y0, x1, y1] in pixels) and when (seconds from the start).
    """

    width: int
    height: int
    fps: float
    seconds: float
    truth: dict[str, Any]

    def frames(self) -> Iterator[Picture]:
        """Yield `frame_count(self)` pictures. Each is the taker's own."""
        ...


def dice(seed: int, name: str) -> np.random.Generator:
    """Return dice for one part of a scene: what is drawn for one part changes nothing in another."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def frame_count(scene: Scene) -> int:
    """Return how many pictures a scene has."""
    return round(scene.seconds * scene.fps)


class Clip:
    """A film from elsewhere as a scene, so that it can be tampered with and served. Nothing is known of its truth."""

    def __init__(self, path: Path) -> None:
        """Look at a film. Raises OSError or av.error.FFmpegError when it can't be read, ValueError without a length."""
        self.path = path
        with av.open(str(path)) as film:
            stream = film.streams.video[0]
            if not stream.average_rate or film.duration is None:
                raise ValueError(f"{path}: says no rate or no length; write it anew as MP4")
            self.width, self.height = stream.width, stream.height
            self.fps = float(stream.average_rate)
            self.seconds = film.duration / 1_000_000
        self.truth: dict[str, Any] = {"kind": "clip", "width": self.width, "height": self.height, "fps": self.fps}

    def frames(self) -> Iterator[Picture]:
        """Yield the film's pictures."""
        with av.open(str(self.path)) as film:
            for frame in film.decode(video=0):
                yield np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)

"""Films for tests, encoded as cameras do: dark, then bright; and an analytic that waits for the light."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

from connectors.camera.analytics import ANALYTICS, Known
from connectors.camera.seeing import Box, Frame, Sighting


class WhenBright(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Says something once the mean grey goes above `above`, and once for each time it does so again."""

    above: float = 60.0
    kind: str = "camera.falling_object"
    fails: bool = False


class BrightLooker:
    """The analytic of `WhenBright`."""

    rate: float | None = None

    def __init__(self, settings: WhenBright) -> None:
        self._settings = settings
        self.was = True
        self.interruptions = 0

    def look(self, frame: Frame) -> Sequence[Sighting]:
        if self._settings.fails:
            raise RuntimeError("a defect")
        is_bright = float(frame.grey.mean()) > self._settings.above
        said = [Sighting(self._settings.kind, frame.at, {"floor_estimate": 3}, Box(0.1, 0.2, 0.3, 0.4))]
        said = said if is_bright and not self.was else []
        self.was = is_bright
        return said

    def interrupted(self) -> None:
        self.interruptions += 1


@pytest.fixture
def bright(monkeypatch: pytest.MonkeyPatch) -> None:
    """The analytic `bright` can be asked for."""
    monkeypatch.setitem(ANALYTICS, "bright", Known(WhenBright, BrightLooker))


def film(  # one keyword per property of the film
    path: Path,
    *,
    seconds: float = 6,
    fps: int = 10,
    size: tuple[int, int] = (320, 240),
    gop_s: float = 1,
    bright_at: float = 4,
    codec: str = "libx264",
    b_frames: int = 0,
) -> Path:
    """Write a dark film that turns bright at a second; returns its path. The number of each frame is drawn as a bar."""
    width, height = size
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = round(fps * gop_s), b_frames
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "sc_threshold": "0"} if not b_frames else {"sc_threshold": "0"}
        for number in range(round(seconds * fps)):
            picture = np.full((height, width, 3), 30, np.uint8)
            if number >= bright_at * fps:
                picture[:] = 120
            picture[: height // 8, : max(round(width * number / (seconds * fps)), 1)] = 250
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    return path


class Seen:
    """Remembers what a source brings."""

    def __init__(self) -> None:
        self.takes: list[object] = []
        self.packets: list[object] = []
        self.frames: list[tuple[datetime, float, float]] = []
        self.sizes: list[tuple[int, ...]] = []
        self.why: list[str] = []

    def began(self, take: object) -> None:
        self.takes.append(take)

    def came(self, packet: object) -> None:
        self.packets.append(packet)

    def seen(self, frame: Frame) -> None:
        self.frames.append((frame.at, frame.s, float(frame.grey.mean())))
        self.sizes.append(frame.grey.shape)

    def lost(self, why: str) -> None:
        self.why.append(why)


@contextmanager
def opened(path: Path) -> Iterator[av.container.InputContainer]:
    """A film, open."""
    with av.open(str(path)) as container:
        yield container

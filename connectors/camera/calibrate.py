"""What a worker would see of a camera: its picture with what is marked in it, and sightings. Nothing is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import msgspec
import numpy as np

from connectors.camera.config import CameraConfig
from connectors.camera.describing import shapes_of
from connectors.camera.detector import Detector
from connectors.camera.ring import Packet, Take
from connectors.camera.seeing import Colour, Frame, Sighting
from connectors.camera.source import Source
from connectors.camera.watching import watching_of
from gateway.model.camera import Shape, Sort
from gateway.model.errors import Misconfigured

_GREEN, _RED, _WHITE = (80, 220, 80), (60, 60, 230), (255, 255, 255)
#: Blue, green, red. What is ignored is grey, lines are yellow, scales and the ground are blue.
_COLOURS: dict[Sort, tuple[int, int, int]] = {
    "zone": _GREEN, "watched": _GREEN, "ignored": (170, 170, 170), "line": (40, 220, 250), "scale": (250, 170, 60),
    "ground": (250, 170, 60),
}  # fmt: skip


class _Looker:
    """Looks as a camera does, and remembers the last picture and what was said."""

    def __init__(self, config: CameraConfig, zone: ZoneInfo, detector: Detector | None) -> None:
        self.watching = watching_of(config, zone, detector)
        self.last: Colour | None = None
        self.said: list[Sighting] = []
        self.pictures = 0
        self.why = ""

    def began(self, take: Take) -> None:
        """A connection stands."""

    def came(self, packet: Packet) -> None:
        """A packet came."""

    def seen(self, frame: Frame) -> None:
        """Look."""
        self.pictures += 1
        self.last = frame.colour()
        for one in self.watching:
            self.said += one.look(frame)

    def lost(self, why: str) -> None:
        """Nothing comes."""
        self.why = why


def look(
    config: CameraConfig,
    time_zone: str,
    seconds: float,
    target: Path,
    *,
    now: Callable[[], datetime],
    monotonic: Callable[[], float],
    detector: Detector | None = None,
) -> Iterator[str]:
    """Look for so long, write the picture, and say line by line what was seen.

    Raises `Misconfigured` when there is no picture or `target` cannot be written.
    """
    looker = _Looker(config, ZoneInfo(time_zone), detector)
    if config.source is None:
        raise Misconfigured(f"{config.device} has no source: nothing of it is seen here")
    source = Source(config.source, looker, now=now, monotonic=monotonic, transport=config.transport)
    thread = threading.Thread(target=source.run, daemon=True)
    thread.start()
    thread.join(seconds)
    source.stop()
    thread.join(15)
    if looker.last is None:
        raise Misconfigured(f"no picture came of {source.hidden} within {seconds:g} s: {looker.why or 'it is silent'}")
    height, width = looker.last.shape[:2]
    yield f"{width}×{height}, {looker.pictures} pictures in {seconds:g} s, {source.left_out} left out"
    for one in looker.watching:
        yield f"{one.name}: {one.cost_s / looker.pictures * 1000:.1f} ms a picture"
    for sighting in looker.said:
        yield f"{sighting.at.isoformat()} {sighting.kind} {msgspec.json.encode(sighting.data).decode()}"
    if not looker.said:
        yield "nothing to report"
    shapes = [shape for asked in config.analytics for shape in shapes_of(asked.settings())]
    if not cv2.imwrite(str(target), drawn(looker.last, shapes, looker.said)):
        raise Misconfigured(f"{target} cannot be written; say --out FILE.png or FILE.jpg where you may write")


def drawn(picture: Colour, shapes: Sequence[Shape], said: Sequence[Sighting]) -> Colour:
    """Return a picture with what is marked in it and sightings (red), and a grid of tenths along its edges."""
    canvas = picture.copy()
    height, width = canvas.shape[:2]
    for tenth in range(1, 10):
        x, y = width * tenth // 10, height * tenth // 10
        cv2.line(canvas, (x, 0), (x, 8), _WHITE, 1)
        cv2.line(canvas, (0, y), (8, y), _WHITE, 1)
        cv2.putText(canvas, f".{tenth}", (x + 2, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.35, _WHITE, 1, cv2.LINE_AA)
        cv2.putText(canvas, f".{tenth}", (12, y + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.35, _WHITE, 1, cv2.LINE_AA)
    for shape in shapes:
        _draw(canvas, shape)
    for one in said:
        if one.box is not None:
            left, top, right, bottom = one.box
            ends = (round(left * width), round(top * height)), (round(right * width), round(bottom * height))
            cv2.rectangle(canvas, *ends, _RED, 2)
            cv2.putText(canvas, one.kind, ends[0], cv2.FONT_HERSHEY_SIMPLEX, 0.45, _RED, 1, cv2.LINE_AA)
    return canvas


def _draw(canvas: Colour, shape: Shape) -> None:
    height, width = canvas.shape[:2]
    ends = np.array([[x * width, y * height] for x, y in shape.points]).round().astype(np.int32)
    colour, is_area = _COLOURS[shape.sort], shape.sort in {"zone", "watched", "ignored"}
    cv2.polylines(canvas, [ends], isClosed=is_area, color=colour, thickness=2)
    if shape.sort == "scale":  # a mark is a short stroke across
        for x, y in ends.tolist():
            cv2.line(canvas, (x - 6, y), (x + 6, y), colour, 2)
    name = f"floor {shape.floor}" if shape.sort == "scale" else shape.name or shape.sort
    at = ends[-1 if shape.sort == "scale" else 0].tolist()
    at = [min(max(at[0], 2), width - 60), min(max(at[1] - 4, 12), height - 4)]
    cv2.putText(canvas, name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)

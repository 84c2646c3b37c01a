"""What a worker would see of a camera: its picture with zones and sightings drawn in. Nothing is sent to anybody."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import msgspec
import numpy as np

from connectors.camera.camera import watching_of
from connectors.camera.config import CameraConfig
from connectors.camera.detector import Detector
from connectors.camera.ring import Packet, Take
from connectors.camera.seeing import Colour, Frame, Sighting, Zone
from connectors.camera.source import Source
from gateway.model.errors import Misconfigured

_GREEN, _RED, _WHITE = (80, 220, 80), (60, 60, 230), (255, 255, 255)


class _Looker:
    """Looks as a camera does, and remembers the last picture and what was said."""

    def __init__(
        self, config: CameraConfig, zone: ZoneInfo, monotonic: Callable[[], float], detector: Detector | None
    ) -> None:
        self._watching, self._monotonic = watching_of(config, zone, detector), monotonic
        self.last: Colour | None = None
        self.said: list[Sighting] = []
        self.pictures = 0
        self.cost: Counter[str] = Counter()
        self.why = ""

    def began(self, take: Take) -> None:
        """A connection stands."""

    def came(self, packet: Packet) -> None:
        """A packet came."""

    def seen(self, frame: Frame) -> None:
        """Look."""
        self.pictures += 1
        self.last = frame.colour()
        for one in self._watching:
            began = self._monotonic()
            self.said += one.look(frame)
            self.cost[one.name] += self._monotonic() - began  # type: ignore[assignment]  # seconds, not a count

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
    looker = _Looker(config, ZoneInfo(time_zone), monotonic, detector)
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
    for name, cost in looker.cost.items():
        yield f"{name}: {cost / looker.pictures * 1000:.1f} ms a picture"
    for sighting in looker.said:
        yield f"{sighting.at.isoformat()} {sighting.kind} {msgspec.json.encode(sighting.data).decode()}"
    if not looker.said:
        yield "nothing to report"
    zones = [zone for asked in config.analytics for zone in _zones_of(asked.settings())]
    if not cv2.imwrite(str(target), drawn(looker.last, zones, looker.said)):
        raise Misconfigured(f"{target} cannot be written; say --out FILE.png or FILE.jpg where you may write")


def drawn(picture: Colour, zones: list[Zone], said: list[Sighting]) -> Colour:
    """Return a picture with zones (green) and sightings (red) drawn in, and a grid of tenths along its edges."""
    canvas = picture.copy()
    height, width = canvas.shape[:2]
    for tenth in range(1, 10):
        x, y = width * tenth // 10, height * tenth // 10
        cv2.line(canvas, (x, 0), (x, 8), _WHITE, 1)
        cv2.line(canvas, (0, y), (8, y), _WHITE, 1)
        cv2.putText(canvas, f".{tenth}", (x + 2, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.35, _WHITE, 1, cv2.LINE_AA)
        cv2.putText(canvas, f".{tenth}", (12, y + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.35, _WHITE, 1, cv2.LINE_AA)
    for zone in zones:
        corners = np.array([[x * width, y * height] for x, y in zone.polygon]).round().astype(np.int32)
        cv2.polylines(canvas, [corners], isClosed=True, color=_GREEN, thickness=2)
        cv2.putText(canvas, zone.name, corners[0].tolist(), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _GREEN, 1, cv2.LINE_AA)
    for one in said:
        if one.box is not None:
            left, top, right, bottom = one.box
            ends = (round(left * width), round(top * height)), (round(right * width), round(bottom * height))
            cv2.rectangle(canvas, *ends, _RED, 2)
            cv2.putText(canvas, one.kind, ends[0], cv2.FONT_HERSHEY_SIMPLEX, 0.45, _RED, 1, cv2.LINE_AA)
    return canvas


def _zones_of(settings: object) -> Iterator[Zone]:
    """The zones in an analytic's settings, alone or in a list."""
    for name in getattr(settings, "__struct_fields__", ()):
        told = getattr(settings, name)
        for one in told if isinstance(told, list | tuple) else (told,):
            if isinstance(one, Zone):
                yield one

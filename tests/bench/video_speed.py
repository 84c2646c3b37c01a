"""What a picture costs, beside OpenCV's own background subtractors on the same pictures in the same run."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from connectors.camera.analytics.falling import FallingObject, FallingSettings
from connectors.camera.seeing import Analytic, Frame, Grey
from simulators.camera.film import write_film
from tests.bench.video_falling import GROUND
from tests.bench.video_films import film
from tests.bench.video_parts import Options, Part, Row, at_most

#: One composite with the camera shaking most, one that is still, one in rain.
CLIPS = ("fall_0003.mp4", "fall_0001.mp4", "fall_0093.mp4")
SMALL, SMALL_FPS = (640, 360), 10.0
#: Who is asked how many small streams a core carries: by name, made from a scale in pixels a metre.
SUBJECTS: dict[str, Callable[[float], Analytic]] = {
    "falling": lambda px_per_m: FallingObject(FallingSettings(px_per_m=px_per_m, ground=GROUND)),
}


class _Small:
    """A film as a scene, smaller and slower: what a camera's second stream shows."""

    def __init__(self, path: Path) -> None:
        self.width, self.height = SMALL
        self.fps = SMALL_FPS
        self._pictures = list(self._taken(path))
        self.seconds = len(self._pictures) / SMALL_FPS
        self.truth: dict[str, Any] = {}

    def frames(self) -> Iterator[Any]:
        yield from self._pictures

    @staticmethod
    def _taken(path: Path) -> Iterator[Any]:
        due = 0.0
        for frame in film(path):
            if frame.s >= due:
                due += 1 / SMALL_FPS
                yield cv2.resize(frame.colour(), SMALL, interpolation=cv2.INTER_AREA)


def beside_subtractors(data: Path, options: Options) -> list[Row]:
    """Each picture goes to ours, to MOG2 and to KNN, in turn, so that a busy machine is equally unfair to all."""
    rows = []
    for name in CLIPS:
        path = data / "falling_composite" / name
        ours, mog2, knn = _paired(path)
        options.note(name)
        shown = f", p99 {np.percentile(ours, 99):.1f}"
        rows.append(at_most("falling", name, "ms a 720p picture, median", float(np.median(ours)), 12.0, shown))
        for who, theirs in (("MOG2", mog2), ("KNN", knn)):
            ratio = float(np.median(ours / theirs))
            rows.append(
                Row("falling", name, f"{who} alone, ms; ours to {who}", f"{np.median(theirs):.1f}; {ratio:.2f} ×")
            )
    return rows


def streams(data: Path, options: Options) -> list[Row]:
    """How many streams one core carries, decoding included: small ones, and of 720p at 25 pictures a second."""
    rows = []
    source = data / "falling_composite" / CLIPS[0]
    scale = float(json.loads(source.with_suffix(".json").read_text(encoding="utf-8"))["ppm"])
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.mp4"
        write_film(_Small(source), small)
        for name, make in SUBJECTS.items():
            for path, size, what in ((small, SMALL[1] / 720, "640x360@10"), (source, 1.0, "1280x720@25")):
                cost, seconds = _cost(path, make(scale * size))
                options.note(f"{name} {what}")
                rows.append(Row(name, path.name, f"streams of {what} a core carries, decoded", f"{seconds / cost:.1f}"))
    return rows


def _paired(path: Path) -> tuple[np.ndarray[Any, Any], ...]:
    truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    ours = FallingObject(FallingSettings(px_per_m=truth["ppm"], ground=GROUND))
    mog2 = cv2.createBackgroundSubtractorMOG2(history=300, varThreshold=16, detectShadows=False)
    knn = cv2.createBackgroundSubtractorKNN(history=300, dist2Threshold=400, detectShadows=False)
    lookers: list[Callable[[Frame], object]] = [
        ours.look, lambda frame: mog2.apply(_luma(frame)), lambda frame: knn.apply(_luma(frame)),
    ]  # fmt: skip
    costs: list[list[float]] = [[], [], []]
    for number, frame in enumerate(film(path)):
        for turn in range(3):
            which = (number + turn) % 3
            began = time.process_time()
            lookers[which](frame)
            costs[which].append(1000 * (time.process_time() - began))
    return tuple(np.array(each) for each in costs)


def _luma(frame: Frame) -> Grey:
    return frame.grey


def _cost(path: Path, analytic: Analytic) -> tuple[float, float]:
    """Return processor seconds of decoding and judging a film, and how long the film is."""
    began, last = time.process_time(), 0.0
    for frame in film(path):
        analytic.look(frame)
        last = frame.s
    return time.process_time() - began, last


PARTS: dict[str, Part] = {"speed-beside": beside_subtractors, "speed-streams": streams}

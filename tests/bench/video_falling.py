"""Falling objects: composites over stills, rendered facades of which half stand on stills, and public clips.

Rendered scenes go through H.264 as a camera's pictures do. The scale is marked as an installer would: the ground, and
the level of the highest floor that is well in view. A throw is found when an alarm dates to between half a second
before its release and its landing, within 4 m of its column; each further alarm is false, a second one for the same
throw too.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from connectors.camera.analytics.falling import Column, FallingObject, FallingSettings
from connectors.camera.seeing import Sighting
from simulators.camera.facade import Background, Facade
from simulators.camera.film import write_film
from simulators.camera.scene import dice
from tests.bench.care.poisson import interval
from tests.bench.video_films import BEGAN, Watched, film, watch
from tests.bench.video_parts import Options, Part, Row, at_least, at_most

STILLS = ("building.jpg", "home.jpg", "leuvenA.jpg", "leuvenB.jpg")
#: Composites: where their ground is.
GROUND = 695 / 720
#: Pictures with contrast that make a throw a visible one.
VISIBLE = 10
#: Public clips in which nothing falls; their scale is not known and taken to be that of a facade.
NOTHING_FALLS = ("vtest.avi", "one-by-one-person-detection.mp4", "car-detection.mp4", "tree.avi")
PX_PER_M_AT_720 = 24.0
#: Seconds of one run of pure distractors, and how far their seeds are from those of the throws.
RUN_S, QUIET_FROM = 30.0, 5000


class Fall(NamedTuple):
    """One throw: seconds of its release and landing, its column in 0–1, and what 4 m are there; height in metres."""

    released_s: float
    landed_s: float
    x: float
    near: float
    height_m: float
    floor: int
    visible: bool
    rain: bool


class Score:
    """What was found of the throws of many films, and what was said besides."""

    def __init__(self) -> None:
        self.falls: list[Fall] = []
        self.found: list[Fall] = []
        self.late_s: list[float] = []
        self.height_off_m: list[float] = []
        self.floors_off: list[int] = []
        self.false: list[Sighting] = []
        self.cost_ms: list[float] = []

    def add(self, falls: list[Fall], watched: Watched) -> str:
        """Count a film; return what there is to say of it."""
        left = list(falls)
        self.falls += falls
        self.cost_ms += watched.cost_ms
        false = 0
        for s, sighting in watched.said:
            fall = next((one for one in left if _is(one, s, sighting)), None)
            if fall is None:
                self.false.append(sighting)
                false += 1
                continue
            left.remove(fall)
            self.found.append(fall)
            self.late_s.append(s - fall.released_s)
            self.height_off_m.append(abs(sighting.data["height_m"] - fall.height_m))
            self.floors_off.append(abs(sighting.data["floor_estimate"] - fall.floor))
        return f"{len(falls) - len(left)} of {len(falls)} found, {false} false"

    def recall(self, *, rain: bool = False) -> tuple[float, str]:
        """Return the share of visible throws that were found, and the counts; in rain only where asked."""
        wanted = [fall for fall in self.falls if fall.visible and (fall.rain or not rain)]
        found = [fall for fall in self.found if fall.visible and (fall.rain or not rain)]
        return len(found) / max(len(wanted), 1), f" ({len(found)} of {len(wanted)})"

    def rows(self, material: str) -> Iterator[Row]:
        """Yield the figures with their gates."""
        said = len(self.found) + len(self.false)
        counts = f" ({len(self.found)} of {said})"
        yield at_least("falling", material, "precision", len(self.found) / max(said, 1), 0.97, counts)
        yield at_least("falling", material, "recall of visible throws", self.recall()[0], 0.90, self.recall()[1])
        share = len(self.found) / max(len(self.falls), 1)
        yield Row("falling", material, "recall of all throws", f"{share:.3g} ({len(self.found)} of {len(self.falls)})")
        in_rain, counts = self.recall(rain=True)
        if any(fall.rain for fall in self.falls):
            yield at_least("falling", material, "recall of visible throws in rain", in_rain, 0.7, counts)
        if not self.found:
            return
        late, off = np.array(self.late_s), np.array(self.height_off_m)
        p90 = f", p90 {np.percentile(late, 90):.2f}"
        yield at_most("falling", material, "seconds from release to alarm, median", float(np.median(late)), 1.0, p90)
        median = f", median {np.median(off):.2f}"
        yield at_most("falling", material, "height error p90, metres", float(np.percentile(off, 90)), 0.6, median)
        exact, near = (float(np.mean(np.array(self.floors_off) <= most)) for most in (0, 1))
        yield Row("falling", material, "floor right; within the range told", f"{exact:.3f}; {near:.3f}")
        p99 = f", p99 {np.percentile(self.cost_ms, 99):.1f}"
        yield at_most("falling", material, "ms a 720p picture, mean", float(np.mean(self.cost_ms)), 12.0, p99)


def composites(data: Path, options: Options) -> list[Row]:
    """The clips that came with the data."""
    score = Score()
    for path in sorted((data / "falling_composite").glob("*.mp4")):
        truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        settings = FallingSettings(px_per_m=truth["ppm"], ground=GROUND)
        told = score.add(_of_composite(truth), watch(FallingObject(settings), film(path)))
        options.note(f"{path.name}: {told}")
    return list(score.rows(f"{len(list((data / 'falling_composite').glob('*.mp4')))} composites of the data folder"))


def rendered(data: Path, options: Options) -> list[Row]:
    """New scenes, with rain in about 15 %."""
    score = Score()
    seeds = range(options.seed, options.seed + options.clips)
    for seed, falls, watched in _scenes(partial(facade, data=data), seeds, options.jobs):
        options.note(f"facade {seed}: {score.add(falls, watched)}")
    return list(score.rows(f"{options.clips} facades, seeds from {options.seed}"))


def quiet(data: Path, options: Options) -> list[Row]:
    """Distractors and nothing that falls."""
    runs, score = round(options.minutes * 60 / RUN_S), Score()
    first = options.seed + QUIET_FROM
    make = partial(facade, data=data, seconds=RUN_S, throws=0)
    for seed, falls, watched in _scenes(make, range(first, first + runs), options.jobs):
        options.note(f"distractors {seed}: {score.add(falls, watched)}")
    hours = runs * RUN_S / 3600
    low, high = interval(len(score.false), max(hours, 1e-9))
    shown = f" ({len(score.false)} in {60 * hours:.0f} min; 95 %: {low:.1f}–{high:.1f})"
    material = f"pure distractors, {runs} facades, seeds from {first}"
    row = at_most("falling", material, "false alarms an hour", len(score.false) / max(hours, 1e-9), 2.0, shown)
    # A few quiet minutes show nothing about an hour.
    return [row if hours >= 1 or not row.passed else row._replace(passed=None)]


def public(data: Path, options: Options) -> list[Row]:
    """Clips of streets and rooms, where nothing falls."""
    score, minutes = Score(), 0.0
    for name in NOTHING_FALLS:
        frames = list(film(data / name))
        settings = FallingSettings(px_per_m=PX_PER_M_AT_720 * frames[0].grey.shape[0] / 720)
        minutes += frames[-1].s / 60
        options.note(f"{name}: {score.add([], watch(FallingObject(settings), iter(frames)))}")
    material = f"public clips, {minutes:.1f} min"
    return [Row("falling", material, "false alarms", str(len(score.false)), "0", not score.false)]


def facade(seed: int, data: Path, **more: Any) -> Facade:
    """Return the scene of a seed: drawn where it is even, before one of the stills where it is odd."""
    if seed % 2 == 0:
        return Facade(seed, **more)
    random = dice(seed, "still")
    still = data / STILLS[seed // 2 % len(STILLS)]
    scale, ground = float(random.uniform(18, 28)), float(random.uniform(0.9, 0.985)) * 720
    return Facade(seed, background=Background(still, scale, ground), **more)


def marked(scene: Facade) -> FallingSettings:
    """Return the settings of somebody who marks the ground and a floor in the upper part of the picture."""
    storey, wall = float(scene.truth["storey_m"]), scene.view
    floor = max(2, 1 + int(0.85 * wall.top_m / storey))
    ground, line = (wall.at(0.0, high)[1] / scene.height for high in (0.0, (floor - 1) * storey))
    return FallingSettings(columns=(Column(x=0.5, ground=ground, line=line, floor=floor),), storey_m=storey)


def _scenes(make: Callable[[int], Facade], seeds: range, jobs: int) -> Iterator[tuple[int, list[Fall], Watched]]:
    with ProcessPoolExecutor(jobs, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.map(partial(_watch_scene, make), seeds)


def _watch_scene(make: Callable[[int], Facade], seed: int) -> tuple[int, list[Fall], Watched]:
    scene = make(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.mp4"
        write_film(scene, path)
        return seed, _of_scene(scene.truth), watch(FallingObject(marked(scene)), film(path))


def _of_scene(truth: dict[str, Any]) -> list[Fall]:
    return [
        Fall(
            event["released_s"], event["landed_s"], event["from_px"][0] / truth["width"],
            4 * truth["px_per_metre"] / truth["width"], event["height_m"], event["floor"],
            event["visible_frames"] >= VISIBLE, "rain" in truth["distractors"],
        )
        for event in truth["events"]
    ]  # fmt: skip


def _of_composite(truth: dict[str, Any]) -> list[Fall]:
    if not truth["event"]:
        return []
    visible = abs(truth["contrast"]) > 22 and len(truth["track"]) >= VISIBLE
    x, near, height = truth["release_xy"][0] / 1280, 4 * truth["ppm"] / 1280, truth["height_m"]
    return [Fall(truth["release_s"], truth["impact_s"], x, near, height, 1 + int(height / 3), visible, truth["rain"])]


def _is(fall: Fall, s: float, sighting: Sighting) -> bool:
    released = (sighting.at - BEGAN).total_seconds()
    in_time = fall.released_s - 0.5 <= released <= fall.landed_s and s > fall.released_s
    return in_time and abs(sighting.data["x"] - fall.x) <= fall.near


PARTS: dict[str, Part] = {
    "falling-composites": composites,
    "falling-public": public,
    "falling-rendered": rendered,
    "falling-quiet": quiet,
}

"""`make bench-video`, what stands and what crosses: parked vehicles, tampering, a drawn line.

Parking: composites (see `video_composites`) and rendered lanes. Said within `WARN_S`/`DWELL_S`, shorter than a site's
settings because the clips are 80 and 120 s long; a stop is short below `WARN_S`. Tampering: `video_tampering` on public
clips. Crossing: the clip with hand-read truth, and clips in which the same line is looked at with nothing to cross it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from connectors.camera.analytics.crossing import Crossing, CrossingSettings
from connectors.camera.analytics.parked import Parked, ParkedSettings
from connectors.camera.analytics.tamper import Tamper
from connectors.camera.seeing import Frame, Sighting, Zone
from simulators.camera.lane import Lane
from tests.bench.video_composites import (
    FPS,
    ROAD,
    SIZE,
    Parking,
    Picture,
    Truth,
    cuts,
    frame,
    ground,
    pictures,
)
from tests.bench.video_films import BEGAN, Watched, film, watch
from tests.bench.video_parts import Options, Part, Row, at_least, at_most
from tests.bench.video_tampering import DISTRACTORS, TAMPERING, Make, noisy

WARN_S, DWELL_S = 20.0, 30.0
COMPOSITES, LANES, SETTINGS = 60, 20, 5
TEXTURED = {
    "vtest.avi": 5,
    "one-by-one-person-detection.mp4": 5,
    "worker-zone-detection.gif": 8,
    "store-aisle-detection.gif": 8,
}
"""Clips that tampering is judged on, and every how many of their pictures makes two a second."""
CHECK_S, BEGINS_S, ENDS_S, LASTS_S = 0.5, 20.0, 34.0, 40.0


class _Stop(NamedTuple):
    """One who stands: from, until (None: to the end), where in parts of the picture, whether for long."""

    stood: float
    left: float | None
    box: tuple[float, ...]
    long: bool


class _Judged(NamedTuple):
    """`errors`, `clears`: seconds, one for each stop found, and for each of these that left; None: never cleared."""

    long: int
    errors: list[float]
    clears: list[float | None]
    short: int
    false_short: int
    elsewhere: int


def parked(data: Path, options: Options) -> list[Row]:
    """Return the rows on parked vehicles."""
    cars, road = cuts(data), ground(data)
    settings = ParkedSettings(ROAD, warn_s=WARN_S, dwell_s=DWELL_S, min_area=0.006)
    runs, costs, by_light = [], list[float](), dict[str, list[bool]]()
    for seed in range(options.seed, options.seed + min(options.clips, COMPOSITES)):
        scene = Parking(cars, seed, long=seed % 3 != 0)
        seen = watch(Parked(settings), scene.play(road))
        judged = _judge(seen.said, [_stop(scene.truth)])
        runs.append(judged)
        costs += seen.cost_ms
        by_light.setdefault(scene.truth.light, []).append(_perfect(judged))
        options.note(f"composite {seed} {scene.truth.light}: {judged}")
    rows = _parked_rows("composites on vtest.avi", runs)
    rows += [
        Row("parked", f"composites, light {light}", "without any fault", f"{sum(fine)} of {len(fine)}")
        for light, fine in sorted(by_light.items())
    ]
    lanes = []
    for seed in range(options.seed, options.seed + min(options.clips, LANES)):
        lane = Lane(seed)
        zone = Zone("fire_lane", tuple((x, y) for x, y in lane.truth["zones"][0]["polygon"]))
        watched = watch(
            Parked(ParkedSettings(zone, warn_s=WARN_S, dwell_s=DWELL_S, min_area=0.004)), _every_second(lane)
        )
        lanes.append(_judge(watched.said, _stops(lane)))
        options.note(f"lane {seed}: {lanes[-1]}")
    rows += _parked_rows("rendered lanes", lanes)
    return [*rows, *_cost("parked", Parked(settings), data, 384)]


def tamper(data: Path, options: Options) -> list[Row]:
    """Return the rows on tampering."""
    clips = {name: _halves(data / name, step) for name, step in TEXTURED.items()}
    settings = min(options.clips, SETTINGS)
    rows, late, found, done = [], [], 0, 0
    for name, make in TAMPERING.items():
        said = [_first_on(_spoilt(make, clips, clip, options.seed + n, n / max(settings - 1, 1)))
                for n in range(settings) for clip in clips]  # fmt: skip
        hits = [at for at in said if at is not None and at >= BEGINS_S]
        found, done = found + len(hits), done + len(said)
        if name != "frozen":
            late += [at - BEGINS_S for at in hits]
        rows.append(Row("tamper", f"{name}, {len(said)} runs", "found", f"{len(hits)}"))
        options.note(f"{name}: {len(hits)} of {len(said)}")
    false = runs = 0
    for name, make in DISTRACTORS.items():
        said = [_first_on(_spoilt(make, clips, clip, options.seed + n, n / max(settings - 1, 1)))
                for n in range(settings) for clip in clips]  # fmt: skip
        hits = [at for at in said if at is not None]
        false, runs = false + len(hits), runs + len(said)
        rows.append(Row("tamper", f"{name}, {len(said)} runs", "wrongly said", f"{len(hits)}"))
        options.note(f"{name}: {len(hits)} of {len(said)} wrongly")
    rows.append(at_least("tamper", "all kinds", "found", found / done, 0.95, f" ({found} of {done})"))
    rows.append(at_most("tamper", "all distractors", "wrongly said", false / runs, 0.01, f" ({false} of {runs})"))
    rows.append(at_most("tamper", "all kinds but frozen", "latency, longest, s", max(late, default=99.0), 4.0))
    untouched = [name for name in clips if watch(Tamper(), film(data / name)).said]
    rows.append(at_most("tamper", "clips as they are", "wrongly said", len(untouched), 0))
    return [*rows, *_cost("tamper", Tamper(), data, 768)]


def crossing(data: Path, options: Options) -> list[Row]:
    """Return the rows on vehicles crossing a line."""
    labels = json.loads((data / "labels.json").read_text())["car-detection.mp4"]
    truth = [(one["crosses_mid"] / labels["fps"], one["direction"]) for one in labels["vehicles"]]
    across = CrossingSettings("mid", (0.0, 0.5), (1.0, 0.5))
    said = watch(Crossing(across), film(data / "car-detection.mp4")).said
    # Left of a line drawn from the left edge to the right one is up.
    ways = [("up" if one.data["direction"] == "left" else "down", (one.at - BEGAN).total_seconds())
            for _, one in said]  # fmt: skip
    matched = [abs(at - when) for (when, way), (told, at) in zip(sorted(truth), ways, strict=False) if way == told]
    rows = [
        at_least("crossing", "car-detection.mp4", "found with direction", len(matched), len(truth)),
        at_most("crossing", "car-detection.mp4", "extra", len(said) - len(matched), 0),
        Row("crossing", "car-detection.mp4", "time error, longest, s", f"{max(matched, default=99.0):.2f}"),
    ]
    leaves = [one for s, one in watch(Crossing(across), film(data / "tree.avi")).said if s < 60 / 15]
    rows.append(at_most("crossing", "tree.avi, before the hand", "wrongly said", len(leaves), 0))
    options.note("crossing")
    return [*rows, *_cost("crossing", Crossing(across), data, 768)]


PARTS: dict[str, Part] = {"parked": parked, "tamper": tamper, "crossing": crossing}


def _parked_rows(material: str, runs: list[_Judged]) -> list[Row]:
    long = sum(run.long for run in runs)
    errors = [abs(error) for run in runs for error in run.errors]
    clears = [99.0 if one is None else one for run in runs for one in run.clears]
    found, short = len(errors), sum(run.short for run in runs)
    return [
        at_least("parked", material, "found", found / max(long, 1), 1.0, f" ({found} of {long})"),
        at_most("parked", material, "start error, p90, s", float(np.percentile([*errors, 0.0], 90)), 3.0),
        at_most("parked", material, "cleared, p90, s", float(np.percentile([*clears, 0.0], 90)), 5.0),
        at_most("parked", material, "cleared, longest, s (99: never)", max(clears, default=0.0), 5.0),
        at_most("parked", material, "short stops said", sum(run.false_short for run in runs), 0, f" (of {short})"),
        at_most("parked", material, "said where nothing stands", sum(run.elsewhere for run in runs), 0),
    ]


def _judge(said: list[tuple[float, Sighting]], stops: list[_Stop]) -> _Judged:
    """Hold what was said against the truth: a stop is found by its first sighting at its place while it lasts."""
    told, tracks = list[tuple[float, Sighting]](), set[str]()
    for s, one in said:
        if one.data["state"] == "parked" and one.data["track"] not in tracks:
            told.append((s, one))
            tracks.add(one.data["track"])
    errors, clears, false_short, used = list[float](), list[float | None](), 0, set[int]()
    for stop in stops:
        mine = [n for n, (s, one) in enumerate(told)
                if _overlap(one, stop) and stop.stood < s < (1e9 if stop.left is None else stop.left + 12)]  # fmt: skip
        used.update(mine)
        if not stop.long:
            false_short += bool(mine)
        elif mine:
            errors.append((told[mine[0]][1].begins_at - BEGAN).total_seconds() - stop.stood)
            its = {told[n][1].data["track"] for n in mine}
            gone = [s for s, one in said if one.data["state"] == "left" and one.data["track"] in its]
            if stop.left is not None:
                clears.append(max(gone) - stop.left if gone else None)
    return _Judged(
        sum(stop.long for stop in stops), errors, clears, sum(not stop.long for stop in stops), false_short,
        len(told) - len(used),
    )  # fmt: skip


def _perfect(judged: _Judged) -> bool:
    prompt = all(clear is not None and clear <= 5 for clear in judged.clears)
    exact = len(judged.errors) == judged.long and all(abs(error) <= 3 for error in judged.errors)
    return prompt and exact and not judged.false_short and not judged.elsewhere


def _overlap(one: Sighting, stop: _Stop) -> bool:
    if one.box is None:
        return False
    x, y = (one.box.x0 + one.box.x1) / 2, (one.box.y0 + one.box.y1) / 2
    return stop.box[0] - 0.02 < x < stop.box[2] + 0.02 and stop.box[1] - 0.02 < y < stop.box[3] + 0.02


def _stop(truth: Truth) -> _Stop:
    return _Stop(truth.stood, truth.left, tuple(v / SIZE[n % 2] for n, v in enumerate(truth.box)), truth.long)


def _stops(lane: Lane) -> list[_Stop]:
    """Return who stopped in the zone and can be judged: not those there from the start, nor still unsaid at the end."""
    stops = []
    for car in lane.truth["vehicles"]:
        came = car.get("arrives_s")
        if car["what"] != "stops" or not car["in_zone"] or came is None or came + WARN_S + 2 > lane.seconds:
            continue
        left = car["departs_s"] if car["departs_s"] is not None and car["departs_s"] + 8 < lane.seconds else None
        stood_s = (lane.seconds if left is None else left) - came
        box = tuple(value / (lane.width, lane.height)[n % 2] for n, value in enumerate(car["box"]))
        stops.append(_Stop(came, left, box, stood_s >= WARN_S + 1))
    return stops


def _every_second(lane: Lane) -> Iterator[Frame]:
    for number, picture in enumerate(lane.frames()):
        if number % 2 == 0:
            grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
            yield frame(grey, number / lane.fps)


def _halves(path: Path, step: int) -> list[Picture]:
    taken = (picture for number, picture in enumerate(pictures(path)) if number % step == 0)
    return [np.asarray(cv2.resize(p, (640, 640 * p.shape[0] // p.shape[1]), interpolation=cv2.INTER_AREA), np.uint8)
            for p in taken]  # fmt: skip


def _spoilt(make: Make, clips: dict[str, list[Picture]], clip: str, seed: int, strength: float) -> Watched:
    """Watch a clip, to and fro, that is spoilt for 14 of its 40 seconds; every picture has noise of its own."""
    dice = np.random.default_rng([seed, len(clip)])
    spoil, there = make(dice, strength), clips[clip] + clips[clip][::-1]

    def play() -> Iterator[Frame]:
        begin = int(dice.integers(len(there)))
        for number in range(round(LASTS_S / CHECK_S)):
            s, seen = number * CHECK_S, noisy(there[(begin + number) % len(there)], 1.0, dice)
            yield frame(spoil(seen, s - BEGINS_S) if BEGINS_S <= s < ENDS_S else seen, s)

    return watch(Tamper(), play())


def _first_on(watched: Watched) -> float | None:
    return next((s for s, one in watched.said if one.data["state"] == "on"), None)


def _cost(name: str, analytic: Any, data: Path, width: int) -> list[Row]:
    """Return what a picture of vtest.avi costs, beside MOG2 on the same luma, in processor milliseconds."""
    shown = [np.asarray(cv2.resize(p, (width, width * 3 // 4)), np.uint8) for p in pictures(data / "vtest.avi")]
    ours = watch(analytic, (frame(picture, number / FPS) for number, picture in enumerate(shown))).cost_ms
    return [Row(name, f"vtest.avi at {width}x{width * 3 // 4}", "processor ms a picture: ours, bare MOG2 at 320x240",
                f"{float(np.mean(ours)):.2f}, {_mog2(shown):.2f}")]  # fmt: skip


def _mog2(shown: Iterable[Picture]) -> float:
    model, spent = cv2.createBackgroundSubtractorMOG2(600, 20, detectShadows=True), []
    for picture in shown:
        small = cv2.resize(picture, (320, 240), interpolation=cv2.INTER_AREA)
        began = time.process_time()
        model.apply(small)
        spent.append(1000 * (time.process_time() - began))
    return float(np.mean(spent))

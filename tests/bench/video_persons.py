"""`make bench-video`, what the detector finds and what is judged by it: people, dwell, counts, passages.

Needs `--detector FILE`; with `--package FILE.tgz` the whole network (32 bits) is converted anew and stands beside it.
The boxes are those of MOT 2015 on 7 pictures, visits and passages were read by hand (labels.json, and below).
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from connectors.camera.analytics.crowding import Crowding, CrowdingSettings
from connectors.camera.analytics.intrusion import Intrusion, IntrusionSettings
from connectors.camera.analytics.loitering import Loitering, LoiteringSettings
from connectors.camera.analytics.tailgating import Tailgating, TailgatingSettings
from connectors.camera.detector import Detection, Detector, overlap
from connectors.camera.seeing import Analytic, Box, Colour, Frame, Zone
from connectors.camera.sight import Sight
from tests.bench.video_films import film, watch
from tests.bench.video_parts import Options, Part, Row, at_least, at_most

VISITS, CAMPUS = "one-by-one-person-detection.mp4", "vtest.avi"
LEAST, FOUND = 0.4, 0.5
#: The floor before the table in VISITS, where the six stand; the whole picture.
TABLE = Zone("table", ((0.5, 0.8), (0.72, 0.8), (0.72, 0.97), (0.5, 0.97)))
EVERYWHERE = Zone("everywhere", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
LIMIT_S, REPEATED_S = 8.0, 0.5


class Passages(NamedTuple):
    """A line in a film, read by hand: who crosses it to the right and to the left until `until_s`."""

    name: str
    start: tuple[float, float]
    end: tuple[float, float]
    right: int
    left: int
    until_s: float


#: All six leave the table to the right; two of the campus' people walk left over its line in the labelled six seconds.
PASSAGES = (
    Passages(VISITS, (0.76, 1.0), (0.76, 0.6), 6, 0, 999.0),
    Passages(CAMPUS, (0.599, 0.65), (0.599, 0.38), 0, 2, 6.0),
)


class _Counted:
    """A detector that knows how often it was asked and what that cost."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.calls, self.spent_s = 0, 0.0

    def found(self, picture: Colour) -> list[Detection]:
        began = time.process_time()
        found = self._detector.found(picture)
        self.spent_s += time.process_time() - began
        self.calls += 1
        return found


def boxes(data: Path, options: Options) -> list[Row]:
    """Find the labelled people, by the detector and by the whole network; count them; say what a picture costs."""
    if options.detector is None:
        return _nothing()
    truth = json.loads((data / "labels.json").read_text(encoding="utf-8"))[CAMPUS]
    frames = [frame for frame, _ in zip(film(data / CAMPUS), range(69), strict=False)]
    detectors = {"8 bits": Detector(options.detector)}
    rows, recalls = [], {}
    with tempfile.TemporaryDirectory() as folder:
        if options.package is not None:
            detectors["32 bits"] = _whole(options.package, Path(folder) / "whole.onnx")
        for name, detector in detectors.items():
            hits, total, extra = _hits(detector, frames, truth["gt_boxes_xywh"])
            recalls[name] = hits / total
            shown = f" ({hits} of {total}; {extra} more boxes)"
            material = f"{CAMPUS}, 7 labelled pictures, {name}"
            rows.append(at_least("detector", material, "recall of people, IoU 0.5", hits / total, 0.75, shown))
            rows.append(_cost_of(detector, frames, material))
    if len(recalls) > 1:
        lost = 100 * (recalls["32 bits"] - recalls["8 bits"])
        rows.append(at_most("detector", CAMPUS, "points of recall lost to 8 bits", lost, 1.0))
    return rows + _counts(detectors["8 bits"], frames, truth["person_count_by_frame"])


def dwell(data: Path, options: Options) -> list[Row]:
    """Tell the six visits from one another, and how long each lasted."""
    if options.detector is None:
        return _nothing()
    visits = json.loads((data / "labels.json").read_text(encoding="utf-8"))[VISITS]["visits"]
    settings = LoiteringSettings(TABLE, limit_s=LIMIT_S, again_s=REPEATED_S)
    watched = watch(Loitering(settings, Sight(Detector(options.detector))), film(data / VISITS))
    longest: dict[str, tuple[float, float]] = {}
    for s, said in watched.said:
        longest[said.data["track"]] = (s, said.data["dwell_s"])
    errors = []
    for begins, ends in ((a / 10, b / 10) for a, b in (visit["at_table"] for visit in visits)):
        own = [told for s, told in longest.values() if begins - 1 <= s - told / 2 <= ends + 1]
        errors.append(min((abs(told - (ends - begins)) for told in own), default=float("inf")))
        options.note(f"visit of {ends - begins:.1f} s: {own}")
    exact = len(longest) == len(visits) and max(errors) < float("inf")
    material = f"{VISITS}, limit {LIMIT_S:g} s"
    return [
        Row("loitering", material, "visits told", f"{len(longest)}", f"exactly {len(visits)}", exact),
        at_most("loitering", material, "error of dwell, s, largest", max(errors), 1.5, f", mean {np.mean(errors):.2f}"),
    ]


def passages(data: Path, options: Options) -> list[Row]:
    """Count who crosses a line, both ways."""
    if options.detector is None:
        return _nothing()
    rows = []
    for one in PASSAGES:
        settings = TailgatingSettings("line", one.start, one.end, "right")
        until: Iterator[Frame] = (frame for frame in film(data / one.name) if frame.s <= one.until_s)
        watched = watch(Tailgating(settings, Sight(Detector(options.detector))), until)
        told = Counter(said.data["direction"] for _, said in watched.said)
        right, left = told["in"], told["out"]
        gate = f"exactly {one.right}, {one.left}"
        is_met = (right, left) == (one.right, one.left)
        rows.append(Row("tailgating", one.name, "passages to the right, left", f"{right}, {left}", gate, is_met))
    return rows


def cost(data: Path, options: Options) -> list[Row]:
    """Say what each analytic costs, detector included, while people are there all the time and while few are."""
    if options.detector is None:
        return _nothing()
    detector, rows = Detector(options.detector), []
    for name in (CAMPUS, VISITS):
        for what in ("intrusion", "loitering", "crowding", "all three"):
            counted = _Counted(detector)
            analytics = _analytics(what, Sight(counted))
            spent, seconds = 0.0, 0.0
            due = [0.0] * len(analytics)
            for frame in film(data / name):
                seconds = frame.s
                began = time.process_time()
                for number, analytic in enumerate(analytics):
                    if frame.s >= due[number] - 5e-4:
                        due[number] += 1 / (analytic.rate or 10)
                        analytic.look(frame)
                spent += time.process_time() - began
            told = f"{1000 * spent / seconds:.1f}; {counted.calls / seconds:.2f} calls; {seconds / spent:.0f} streams"
            rows.append(Row(what, name, "ms a second; calls of the detector; streams a core, decoding aside", told))
    return rows


def _analytics(what: str, sight: Any) -> list[Analytic]:
    made: dict[str, Analytic] = {
        "intrusion": Intrusion(IntrusionSettings(EVERYWHERE), sight),
        "loitering": Loitering(LoiteringSettings(EVERYWHERE), sight),
        "crowding": Crowding(CrowdingSettings(EVERYWHERE, limit=50), sight),
    }
    return list(made.values()) if what == "all three" else [made[what]]


def _nothing() -> list[Row]:
    return [Row("detector", "–", "not measured: name its file with --detector", "–")]


def _whole(package: Path, target: Path) -> Detector:
    import onnx  # noqa: PLC0415

    from connectors.camera.weights.graph import Converter  # noqa: PLC0415
    from connectors.camera.weights.making import of_any_height  # noqa: PLC0415
    from connectors.camera.weights.package import read_package  # noqa: PLC0415

    read = read_package(package)
    onnx.save(of_any_height(Converter(read.graph, read.weights).model()), str(target))
    return Detector(target)


def _people(detector: Detector, frame: Frame, least: float) -> list[Detection]:
    return [one for one in detector.found(frame.colour(), least) if one.kind == "person"]


def _hits(detector: Detector, frames: list[Frame], labels: dict[str, list[list[float]]]) -> tuple[int, int, int]:
    """Return how many labelled boxes were found, how many there are, and how many boxes are none of them."""
    hits = total = extra = 0
    for number, truth in labels.items():
        frame = frames[int(number) - 1]
        height, width = frame.grey.shape
        free = _people(detector, frame, LEAST)
        for x, y, w, h in truth:
            total += 1
            wanted = Box(x / width, y / height, (x + w) / width, (y + h) / height)
            best = max(free, key=lambda one: overlap(one.box, wanted), default=None)
            if best is not None and overlap(best.box, wanted) >= FOUND:
                hits += 1
                free.remove(best)
        extra += len(free)
    return hits, total, extra


def _counts(detector: Detector, frames: list[Frame], labels: list[list[int]]) -> list[Row]:
    errors = []
    for first, last, people in labels:
        errors += [abs(len(_people(detector, frame, 0.45)) - people) for frame in frames[first - 1 : last : 2]]
    shown = f", mean {np.mean(errors):.2f}"
    return [Row("crowding", f"{CAMPUS}, 6.9 s", "error of a count, people, median", f"{np.median(errors):g}{shown}")]


def _cost_of(detector: Detector, frames: list[Frame], material: str) -> Row:
    spent = []
    for frame in frames[::3]:
        picture = frame.colour()
        began = time.process_time()
        detector.found(picture)
        spent.append(1000 * (time.process_time() - began))
    shown = f"{np.median(spent):.1f}, p90 {np.percentile(spent, 90):.1f}"
    return Row("detector", material, "ms a call, median, one thread", shown)


PARTS: dict[str, Part] = {
    "persons-boxes": boxes,
    "persons-dwell": dwell,
    "persons-passages": passages,
    "persons-cost": cost,
}

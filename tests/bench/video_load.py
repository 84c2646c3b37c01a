"""Sixteen streams of 640×360 at ten pictures a second on this machine, for ten minutes: what a worker needs for them.

The worker's own cameras, all in one process and then in two of half as many, read films at the pace they were taken at,
decode, keep the ring, judge by movement (falling, parked, tamper, crossing), and cut what they have to cut. There is no
broker and no API: the spool takes it all.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import tempfile
import threading
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cv2
import numpy as np

from connectors.camera.camera import Camera
from connectors.camera.config import CameraConfig
from connectors.camera.ring import Packet, Take
from connectors.camera.seeing import Frame
from connectors.camera.spool import Spool
from simulators.camera.facade import Facade
from simulators.camera.film import write_film
from tests.bench.video_parts import FIRST_SEED, Options, Part, Row, at_most

#: What a machine of two cores is given: a worker's Python runs on one.
WORKERS = 2
STREAMS, MINUTES, LONGEST_AGE_S, MOST_CPU, MOST_GB = 16, 10.0, 1.0, 0.85, 1.5
#: Different films, each shown by several cameras; seconds of each.
FILMS, FILM_S = 4, 60.0
#: Until everything is read in and learnt.
WARM_UP_S = 20.0
ANALYTICS: list[dict[str, Any]] = [
    {"notice": "falling_object", "px_per_m": 12, "ground": 0.95},
    {"notice": "parked", "zone": {"name": "lane", "polygon": [[0.1, 0.6], [0.9, 0.6], [0.9, 0.95], [0.1, 0.95]]}},
    {"notice": "tamper"},
    {"notice": "crossing", "line": "gate", "start": [0.1, 0.7], "end": [0.9, 0.7]},
]


class _Timed:
    """Stands between a source and its camera and notes how old a picture is when it has been judged."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self.ages: list[float] = []

    def began(self, take: Take) -> None:
        self._camera.began(take)

    def came(self, packet: Packet) -> None:
        self._camera.came(packet)

    def seen(self, frame: Frame) -> None:
        self._camera.seen(frame)
        source = self._camera.source
        self.ages.append(-source.clock.ahead_s(frame.s, source.monotonic()))

    def lost(self, why: str) -> None:
        self._camera.lost(why)


def load(_: Path, options: Options) -> list[Row]:
    """Run the streams for ten minutes, or for `minutes` where that is less."""
    seconds = 60 * min(MINUTES, options.minutes)
    with tempfile.TemporaryDirectory() as folder:
        films = []
        for number in range(FILMS):
            films.append(Path(folder) / f"{number}.mp4")
            write_film(Facade(FIRST_SEED + 8000 + number, seconds=FILM_S, fps=10, width=640, height=360), films[-1])
        options.note(f"{STREAMS} streams for {seconds:.0f} s, in one worker and in {WORKERS}")
        return [row for workers in (1, WORKERS) for row in _rows(workers, films, seconds, Path(folder))]


def _rows(workers: int, films: list[Path], seconds: float, folder: Path) -> list[Row]:
    context = multiprocessing.get_context("spawn")
    pipes, children = [], []
    for number in range(workers):
        ours, theirs = context.Pipe()
        streams = range(STREAMS)[number::workers]
        child = context.Process(target=_watch, args=(films, streams, seconds, folder / f"{workers}-{number}", theirs))
        child.start()
        theirs.close()
        pipes.append(ours)
        children.append(child)
    told = [pipe.recv() for pipe in pipes]
    for child in children:
        child.join()
    shared = "one worker" if workers == 1 else f"{workers} workers"
    what = f"{STREAMS} streams in {shared}, {seconds / 60:.1f} min, {len(ANALYTICS)} analytics each"
    cores = os.cpu_count() or 1
    ages = np.concatenate([np.array(one["ages"]) for one in told])
    shown = f", p99.9 {np.percentile(ages, 99.9):.2f}, median {np.median(ages):.3f}; {len(ages)} judged"
    cpu_s, gb = sum(one["cpu_s"] for one in told), sum(one["gb"] for one in told)
    return [
        at_most("all by movement", what, "age of the oldest picture when judged, s", ages.max(), LONGEST_AGE_S, shown),
        at_most("all by movement", what, "pictures left out", sum(one["left_out"] for one in told), 0),
        at_most("all by movement", what, f"processor, part of {cores} cores", cpu_s / seconds / cores, MOST_CPU),
        at_most("all by movement", what, "memory at most, GB", gb, MOST_GB),
    ]


def _watch(films: list[Path], streams: range, seconds: float, folder: Path, answer: Connection) -> None:
    """The process of a worker's cameras."""
    cv2.setNumThreads(1)
    timed, cameras = [], []
    for number in streams:
        config = CameraConfig.model_validate(
            {"device": f"c{number}", "secret": "x" * 16, "source": str(films[number % FILMS]), "analytics": ANALYTICS}
        )
        camera = Camera(
            config, "bench", Spool(folder / f"spool-{number}", 200 << 20, 0), zone=ZoneInfo("Asia/Shanghai"),
            ring_bytes=64 << 20, now=lambda: datetime.now(UTC), monotonic=time.monotonic,
            announce=lambda _there: None, send_still=lambda _still: None,
        )  # fmt: skip
        timed.append(_Timed(camera))
        camera.source.watcher = timed[-1]
        cameras.append(camera)
        camera.start()
    waiting = threading.Event()
    waiting.wait(WARM_UP_S)
    for one in timed:
        one.ages.clear()
    left_out, cpu = sum(one.source.left_out for one in cameras), time.process_time()
    waiting.wait(seconds)
    cpu_s = time.process_time() - cpu
    answer.send({
        "ages": [age for one in timed for age in one.ages], "cpu_s": cpu_s,
        "left_out": sum(one.source.left_out for one in cameras) - left_out,
        "gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    })  # fmt: skip
    for camera in cameras:
        camera.stop()


PARTS: dict[str, Part] = {"load": load}

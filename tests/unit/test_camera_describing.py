"""What a worker says it looks at, what `anxin camera look` draws of it, and the limits of what may be marked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from pydantic import ValidationError

from connectors.camera.analytics import ANALYTICS, Known
from connectors.camera.calibrate import drawn
from connectors.camera.camera import Camera
from connectors.camera.config import Asked, CameraConfig
from connectors.camera.describing import description_of, shapes_of
from connectors.camera.seeing import Box, Frame, Sighting
from connectors.camera.spool import Spool
from connectors.camera.watching import MOST_FAILURES, watching_of
from gateway.model.camera import Description, Looks
from tests.films import BrightLooker, WhenBright, bright

__all__ = ["bright"]

CHINA = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ZONE = {"name": "yard", "polygon": [[0.1, 0.4], [0.9, 0.4], [0.9, 0.9]]}
COLUMN = {"x": 0.5, "ground": 0.9, "line": 0.2, "floor": 7}
LINE = {"line": "gate", "start": [0.1, 0.5], "end": [0.9, 0.5]}
EVERY: list[dict[str, Any]] = [
    {"notice": "parked", "zone": ZONE, "warn_s": 30, "hours": ["22:00-06:00"]},
    {"notice": "falling_object", "columns": [COLUMN], "ignored": [{**ZONE, "name": "tree"}], "sensitivity": "high"},
    {"notice": "crossing", **LINE},
    {"notice": "tailgating", **LINE, "inward": "right"},
    {"notice": "intrusion", "zone": ZONE},
    {"notice": "tamper"},
]


def config_of(*analytics: dict[str, Any]) -> CameraConfig:
    return CameraConfig.model_validate({
        "device": "camera-1", "secret": "s3cret", "source": "rtsp://viewer:pass-word@10.1.2.3/main",
        "isapi": {"url": "http://10.1.2.3", "user": "viewer", "password": "pass-word"}, "analytics": list(analytics),
    })  # fmt: skip


def described(*analytics: dict[str, Any]) -> Sequence[Looks]:
    config = config_of(*analytics)
    return description_of(config.analytics, watching_of(config, CHINA), (640, 360), NOON).analytics


def frame(s: float, grey: int = 30) -> Frame:
    picture = np.full((36, 64), grey, np.uint8)
    return Frame(NOON, s, picture, lambda: np.repeat(picture[..., None], 3, axis=2))


def test_what_is_looked_at_is_told_with_its_hours_settings_and_state() -> None:
    parked, falling, crossing, tailgating, intrusion, tamper = described(*EVERY)
    assert (parked.notice, parked.hours, parked.state, parked.told) == (
        "parked", ("22:00-06:00",), "off_hours", ("warn_s",),
    )  # fmt: skip
    assert (parked.settings["warn_s"], parked.settings["sensitivity"]) == (30.0, 0.5)
    assert [(one.sort, one.name, one.points) for one in parked.shapes] == [
        ("zone", "yard", ((0.1, 0.4), (0.9, 0.4), (0.9, 0.9)))
    ]
    assert [(one.sort, one.name, one.floor) for one in falling.shapes] == [("scale", "", 7), ("ignored", "tree", None)]
    assert falling.shapes[0].points == ((0.5, 0.9), (0.5, 0.2)), "the ground's mark, then the floor's"
    assert falling.settings["sensitivity"] == "high"
    for one in (crossing, tailgating):
        assert [(shape.sort, shape.name, shape.points) for shape in one.shapes] == [
            ("line", "gate", ((0.1, 0.5), (0.9, 0.5)))
        ]
        assert not {"line", "start", "end"} & set(one.settings)
    assert crossing.settings["directions"] == ["left", "right"]
    assert (tailgating.state, intrusion.state, tamper.state) == ("resting", "resting", "looking")
    assert tamper.shapes == ()


def test_a_wall_measured_in_pixels_has_its_ground() -> None:
    (falling,) = described({"notice": "falling_object", "px_per_m": 24, "ground": 0.93})
    assert [(one.sort, one.points) for one in falling.shapes] == [("ground", ((0.0, 0.93), (1.0, 0.93)))]


def test_every_analytic_is_told_as_the_gateway_takes_it_and_no_secret_with_it(tmp_path: Path) -> None:
    sent: list[Description] = []
    camera = Camera(
        config_of(*EVERY), "s", Spool(tmp_path, 10**7, 0), zone=CHINA, ring_bytes=10**6, now=lambda: NOON,
        monotonic=lambda: 0.0, announce=lambda _there: None, send_still=lambda _still: None,
        send_description=sent.append,
    )  # fmt: skip
    camera.orders.hear(b'{"id": "a", "do": "describe"}')
    camera.orders.hear(b'{"id": "a", "do": "describe"}')
    camera.seen(frame(0.0))
    camera.orders.hear(b'{"id": "b", "do": "describe"}')
    assert [(one.width, one.height) for one in sent] == [(None, None), (64, 36)]
    told = msgspec.json.encode(sent[1])
    assert msgspec.json.decode(told, type=Description) == sent[1]
    assert [one["notice"] for one in json.loads(told)["analytics"]] == [one["notice"] for one in EVERY]
    for hidden in (b"pass-word", b"s3cret", b"rtsp", b"10.1.2.3", b"viewer"):
        assert hidden not in told


@pytest.mark.usefixtures("bright")
def test_cost_and_what_was_said_last_are_told() -> None:
    config = config_of({"notice": "bright"})
    watching = watching_of(config, CHINA)
    for number, grey in enumerate((30, 30, 120, 120)):
        watching[0].look(frame(float(number), grey))
    (told,) = description_of(config.analytics, watching, None, NOON).analytics
    assert (told.said, told.said_at) == ("camera.falling_object", NOON)
    assert told.look_ms is not None
    assert watching[0].looks == 4


def test_what_fails_again_and_again_is_told_as_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ANALYTICS, "bright", Known(WhenBright, BrightLooker))
    config = config_of({"notice": "bright", "fails": True})
    watching = watching_of(config, CHINA)
    for number in range(MOST_FAILURES):
        watching[0].look(frame(float(number)))
    (told,) = description_of(config.analytics, watching, None, NOON).analytics
    assert told.state == "left_out"


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"notice": "parked", "zone": {"name": "z", "polygon": [[0, 0], [1, 1]]}}, "length >= 3"),
        ({"notice": "parked", "zone": {"name": "z", "polygon": [[0, 0], [1.01, 0], [1, 1]]}}, "<= 1"),
        ({"notice": "parked", "zone": {"name": "z", "polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}}, "cross each other"),
        ({"notice": "parked", "zone": {"name": "z", "polygon": [[0, 0], [0.5, 0.5], [1, 1]]}}, "no area"),
        ({"notice": "crossing", "line": "l", "start": [0.5, 0.5], "end": [0.51, 0.5]}, "apart"),
        ({"notice": "crossing", "line": "l", "start": [0.5, 0.5], "end": [0.5, -0.1]}, ">= 0"),
        ({"notice": "tailgating", "line": "l", "start": [0.5, 0.5], "end": [0.5, 0.5], "inward": "left"}, "apart"),
        ({"notice": "falling_object", "columns": [{**COLUMN, "line": 0.95}]}, "line < ground"),
        ({"notice": "falling_object", "columns": [{**COLUMN, "floor": 1}]}, "floor >= 2"),
    ],
)
def test_what_cannot_be_marked_is_refused(told: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Asked.model_validate(told)


def test_zones_of_any_shape_are_taken() -> None:
    for polygon in (
        [[0, 0], [1, 0], [1, 1], [0, 1]],
        [[0.23, 0.55], [0.86, 0.66], [0.83, 0.56], [0.29, 0.48]],
        [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.5, 0.2], [0.1, 0.9]],
        [[0, 0], [0.5, 0], [1, 0], [1, 1]],  # three corners in a row
    ):
        Asked.model_validate({"notice": "parked", "zone": {"name": "z", "polygon": polygon}})


# ── what is drawn ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_that_is_marked_is_drawn() -> None:
    black = np.zeros((360, 640, 3), np.uint8)
    ruled = drawn(black, [], [])
    places: list[tuple[dict[str, Any], list[tuple[int, int]]]] = [
        ({"notice": "parked", "zone": ZONE}, [(320, 144)]),
        ({"notice": "crossing", **LINE}, [(320, 180)]),
        ({"notice": "tailgating", **LINE, "inward": "right"}, [(320, 180)]),
        ({"notice": "falling_object", "px_per_m": 24, "ground": 0.9, "ignored": [ZONE]}, [(320, 324), (320, 144)]),
        ({"notice": "falling_object", "columns": [COLUMN]}, [(320, 200), (325, 324), (325, 72)]),
    ]
    for told, points in places:
        picture = drawn(black, list(shapes_of(Asked.model_validate(told).settings())), [])
        for x, y in points:
            assert picture[y, x].any(), (told["notice"], x, y)
            assert not ruled[y, x].any()
    seen = drawn(black, [], [Sighting("camera.parked", NOON, {}, Box(0.5, 0.5, 0.75, 0.75))])
    assert seen[180, 400].tolist() == [60, 60, 230]

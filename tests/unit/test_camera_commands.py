"""What the gateway asks of cameras: decoded strictly, bounded, followed once, refused with a reason when too late."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.camera.camera import Camera
from connectors.camera.commands import LONGEST, ClipWanted, DescriptionWanted, StillsWanted, decode
from connectors.camera.config import CameraConfig
from connectors.camera.orders import MOST_WAITING, Orders
from connectors.camera.ring import Packet, Take
from connectors.camera.seeing import Frame
from connectors.camera.spool import Spool
from connectors.camera.stills import HIGHEST, WIDEST, Still, Stills, smaller
from gateway.cameras import clips
from gateway.media_types import jpeg_size
from gateway.store.live import ToAsk

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
STILLS = {"id": "a", "do": "stills", "every_s": 2, "until": "2026-11-23T16:00:15+08:00"}
CLIP = {
    "id": "clip-7", "do": "clip", "device": "door-1", "event": "e/1", "at": "2026-11-23T08:00:00Z",
    "from": "2026-11-23T07:59:50Z", "until": "2026-11-23T08:00:30Z",
}  # fmt: skip


def said(told: Any) -> bytes:
    return json.dumps(told).encode()


def test_commands_are_what_the_protocol_says() -> None:
    assert decode(said(STILLS)) == StillsWanted(id="a", every_s=2, until=NOW + timedelta(seconds=15))
    assert decode(said(CLIP)) == ClipWanted(
        id="clip-7", device="door-1", event="e/1", at=NOW, from_at=NOW - timedelta(seconds=10),
        until=NOW + timedelta(seconds=30),
    )  # fmt: skip


def test_what_the_gateway_says_a_camera_understands() -> None:
    one = ToAsk(7, "camera-1", "door-1/e/1", NOW, 0)
    told = clips.command_of(one)
    assert decode(json.dumps(told, default=lambda at: at.isoformat()).encode()) == decode(said(CLIP))


@pytest.mark.parametrize(
    "told",
    [
        {**STILLS, "do": "open"},
        {**STILLS, "do": None},
        {**STILLS, "more": 1},
        {**STILLS, "every_s": 0.1},
        {**STILLS, "every_s": "2"},
        {**STILLS, "until": "2026-11-23T16:00:15"},
        {**STILLS, "until": None},
        {**STILLS, "id": ""},
        {**STILLS, "id": "x" * 65},
        {**CLIP, "device": "../x"},
        {**CLIP, "event": "x" * 129},
        {**CLIP, "from": "2026-11-23T08:00:01Z"},
        {**CLIP, "until": "2026-11-23T07:59:59Z"},
        {name: value for name, value in CLIP.items() if name != "at"},
        {**STILLS, "id": "x" * LONGEST},
        [],
        "stills",
    ],
)
def test_what_is_no_command_is_refused(told: Any) -> None:
    with pytest.raises(ValueError):  # whatever msgspec says of it
        decode(said(told))


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=9), lambda more: st.dictionaries(
        st.sampled_from([*CLIP, *STILLS]), more, max_size=8)
).map(said))  # fmt: skip
def test_no_payload_whatever_raises_anything_but_a_reason(payload: bytes) -> None:
    try:
        told = decode(payload)
    except ValueError:
        return
    assert isinstance(told, DescriptionWanted) or told.until.tzinfo is not None


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


def frame(s: float, width: int = 1280, height: int = 720) -> Frame:
    grey = np.zeros((height, width), np.uint8)
    return Frame(NOW + timedelta(seconds=s), s, grey, lambda: np.zeros((height, width, 3), np.uint8))


def test_stills_are_taken_while_they_are_asked_for_and_no_longer() -> None:
    clock, sent = Clock(), list[Still]()
    stills = Stills(clock, sent.append)
    orders = Orders("camera-1", stills, clock)
    stills.look(frame(0))
    orders.hear(said(STILLS))
    for tenth in range(400):
        clock.at = NOW + timedelta(seconds=tenth / 10)
        stills.look(frame(tenth / 10))
    assert [(one.at - NOW).total_seconds() for one in sent] == pytest.approx([0, 2, 4, 6, 8, 10, 12, 14])
    assert jpeg_size(sent[0].jpeg) == (640, 360)
    assert not stills.is_wanted


def test_a_command_is_followed_once_and_not_when_it_is_over() -> None:
    clock, stills = Clock(), Stills(Clock(), lambda _still: None)
    orders = Orders("camera-1", stills, clock)
    orders.hear(said(CLIP))
    orders.hear(said(CLIP))
    assert len(orders.clips()) == 1
    assert orders.clips() == []
    clock.at = NOW - timedelta(minutes=10)
    orders.hear(said({**CLIP, "id": "too far ahead"}))
    assert orders.clips() == []
    late = Stills(lambda: NOW + timedelta(seconds=15), lambda _still: None)
    Orders("camera-1", late, clock).hear(said(STILLS))
    assert not late.is_wanted
    Orders("camera-1", late, clock).hear(b"nonsense")
    stills.ask(StillsWanted(id="x", every_s=2, until=NOW + timedelta(days=1)))
    assert stills.is_wanted
    stills.enough()
    assert not stills.is_wanted


def test_a_flood_of_orders_is_bounded() -> None:
    orders = Orders("camera-1", Stills(Clock(), lambda _still: None), Clock())
    for number in range(200):
        orders.hear(said({**CLIP, "id": f"clip-{number}"}))
    assert len(orders.clips()) == MOST_WAITING


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (640, 480), (320, 240), (1, 5000), (3000, 1), (641, 1281)])
def test_a_still_is_small_and_its_size_is_read_from_its_header(width: int, height: int) -> None:
    made = smaller(np.zeros((height, width, 3), np.uint8))
    jpeg = cv2.imencode(".jpg", made)[1].tobytes()
    size = made.shape[1], made.shape[0]
    assert jpeg_size(jpeg) == size
    assert size[0] <= WIDEST
    assert size[1] <= HIGHEST
    assert size == (width, height) or WIDEST in size or HIGHEST in size


@given(st.binary(max_size=60))
def test_the_size_of_what_is_no_jpeg_is_none_or_a_number(content: bytes) -> None:
    found = jpeg_size(b"\xff\xd8" + content)
    assert found is None or min(found) >= 0


def test_a_clip_that_has_left_the_ring_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = CameraConfig(device="camera-1", secret="x", source="film.mp4", lead_s=1, tail_s=1)  # made up
    clock = Clock()
    camera = Camera(
        config, "s", Spool(tmp_path, 10**7, 0), zone=ZoneInfo("UTC"), ring_bytes=10**6, now=clock,
        monotonic=lambda: 0.0, announce=lambda _there: None, send_still=lambda _still: None,
    )  # fmt: skip
    camera.began(Take(b"", 1))  # type: ignore[arg-type]  # never written
    camera.source.clock.begin(0.0, after_silence=False)
    camera.source.clock.lay(100.0, 100.0, NOW + timedelta(seconds=100))
    camera.orders.hear(said(CLIP))
    camera.came(Packet(100.0, 0, 0, keyframe=True, payload=b"x"))
    assert camera._wanted == []
    assert "no longer kept" in capsys.readouterr().out
    at = NOW + timedelta(seconds=95)
    fresh = {"id": "b", "at": at.isoformat(), "from": at.isoformat(), "until": (at + timedelta(seconds=30)).isoformat()}
    clock.at = at
    camera.orders.hear(said({**CLIP, **fresh}))
    camera.came(Packet(101.0, 1, 1, keyframe=True, payload=b"x"))
    assert [(one.of, one.event, one.at_s, one.end_s) for one in camera._wanted] == [("door-1", "e/1", 95.0, 125.0)]

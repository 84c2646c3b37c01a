"""Hikvision's notices: the samples become what they say, the stream survives what cameras and strangers send."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import connectors.hikvision
from connectors.camera.reporting import Reporter
from connectors.camera.spool import Spool
from connectors.hikvision.alert_stream import Account, AlertStream
from connectors.hikvision.decode import MOST_BYTES, decode
from connectors.hikvision.meaning import IGNORED, MEANINGS, SILENT_S, Episodes
from connectors.hikvision.multipart import Parts, boundary_of
from gateway.model.errors import BadInput
from tests.station import wait_for

SAMPLES = sorted((Path(connectors.hikvision.__file__).parent / "samples").glob("*.json"))
NOW = datetime(2026, 11, 22, 0, 0, 5, tzinfo=UTC)
AT = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
SECRET = "s3cret"
ALERT = "<EventNotificationAlert><eventType>TYPE</eventType></EventNotificationAlert>"
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 30


def sample(name: str) -> bytes:
    payload: str = json.loads((SAMPLES[0].parent / f"{name}.json").read_text(encoding="utf-8"))["payload"]
    return payload.encode()


def test_there_is_a_sample_of_what_matters() -> None:
    kinds = {one["kind"] for path in SAMPLES for one in json.loads(path.read_text(encoding="utf-8"))["becomes"]}
    assert kinds >= {"camera.falling_object", "camera.parked", "camera.tamper", "camera.intrusion", "camera.crowding"}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_each_sample_becomes_what_it_says(path: Path) -> None:
    told = json.loads(path.read_text(encoding="utf-8"))
    said = Episodes(180, 180).hear(decode(told["payload"].encode()), 0.0, NOW)
    assert [{"kind": one.kind, "data": one.data} for one in said] == told["becomes"]
    assert all(one.at == AT for one in said), "the camera's own time"


def test_an_episode_is_said_once_and_ends_once() -> None:
    episodes = Episodes(180, 180)
    active = decode(sample("covered"))
    assert len(episodes.hear(active, 0, NOW)) == 1
    assert [said for s in range(1, 60) for said in episodes.hear(active, s, NOW)] == []
    assert episodes.fall_silent(59 + SILENT_S - 0.1, NOW) == []
    (over,) = episodes.fall_silent(59 + SILENT_S + 0.1, NOW + timedelta(seconds=65))
    assert (over.data["state"], over.begins, over.at) == ("off", False, NOW + timedelta(seconds=65))
    assert episodes.fall_silent(200, NOW) == []
    assert len(episodes.hear(active, 300, NOW)) == 1, "a new one"
    (ended,) = episodes.hear(active._replace(active=False), 301, NOW)
    assert ended.data == {"reason": "covered", "state": "off"}


def test_two_zones_are_two_episodes_and_a_clock_that_is_off_is_not_believed() -> None:
    episodes = Episodes(180, 180)
    one = decode(sample("field-entered"))
    assert len(episodes.hear(one, 0, NOW)) == 1
    assert len(episodes.hear(one._replace(region=3), 0, NOW)) == 1
    (said,) = Episodes(180, 180).hear(one._replace(at=NOW - timedelta(hours=8)), 0, NOW)
    assert said.at == NOW
    (said,) = Episodes(180, 180).hear(one._replace(at=None), 0, NOW)
    assert said.at == NOW


def test_what_rules_count_is_said_again_while_it_lasts() -> None:
    episodes, crowd = Episodes(180, 180), decode(sample("crowd"))
    said = [one for s in range(61) for one in episodes.hear(crowd, s, NOW)]
    assert [one.begins for one in said] == [True, False, False, False]
    (loiters,) = Episodes(180, 240).hear(crowd._replace(kind="loitering"), 0, NOW)
    assert loiters.data["dwell_s"] == 240


def test_how_long_a_vehicle_stood_is_told_when_it_leaves() -> None:
    episodes = Episodes(120, 60)
    episodes.hear(decode(sample("parked")), 0, NOW)
    (left,) = episodes.fall_silent(10, AT + timedelta(seconds=90))
    assert left.data == {"zone": "no_parking", "state": "left", "parked_s": 210}


def test_nobody_is_recognised() -> None:
    assert not [kind for kind in MEANINGS if re.search("face|anpr|plate", kind)]
    assert {"facedetection", "anpr"} <= IGNORED


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not_xml"), (b"<EventNotificationAlert>", "not_xml"), (b"<a/>", "schema"), (b"{", "not_json"),
        (b"{}", "schema"), (b'{"EventNotificationAlert": 7}', "schema"), (b" " * (MOST_BYTES + 1), "oversized"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><EventNotificationAlert/>', "not_xml"),
        (b"<EventNotificationAlert><eventType>a b</eventType></EventNotificationAlert>", "schema"),
        (b"[" * 100_000, "not_xml"), (b'{"a":' * 40_000, "not_json"), (b"\xff\xfe<\x00", "not_xml"),
    ],
)  # fmt: skip
def test_what_is_no_notice_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(BadInput) as refused:
        decode(content)
    assert refused.value.reason == reason


@settings(max_examples=300)
@given(st.one_of(
    st.binary(max_size=400),
    st.text(max_size=60).map(lambda text: ALERT.replace("TYPE", text).encode()),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from([
                "eventType", "eventState", "DetectionRegionList", "DetectionRegionEntry", "TargetRect", "X", "regionID",
                "dateTime", "channelID", "peopleNum", "x",
            ]), inner, max_size=5),
        ), max_leaves=12,
    ).map(lambda told: json.dumps(told).encode()),
))  # fmt: skip
def test_whatever_comes_is_a_notice_or_refused(content: bytes) -> None:
    try:
        notice = decode(content)
    except BadInput:
        return
    episodes = Episodes(180, 180)
    for said in episodes.hear(notice, 0, NOW) + episodes.fall_silent(100, NOW):
        json.dumps(said.data)


@given(st.lists(st.binary(max_size=60), max_size=8), st.integers(1, 50))
def test_parts_come_whole_whatever_the_pieces(contents: list[bytes], size: int) -> None:
    contents = [content.strip(b"\r\n") for content in contents]
    contents = [content for content in contents if content and b"--boundary" not in content]
    stream = b"".join(b"--boundary\r\nContent-Type: text/xml\r\n\r\n" + content + b"\r\n" for content in contents)
    stream += b"--boundary--"
    parts = Parts("boundary")
    found = [part for at in range(0, len(stream), size) for part in parts.feed(stream[at : at + size])]
    assert [part.content for part in found] == contents
    assert {part.media_type for part in found} <= {"text/xml"}


def test_a_part_without_end_is_dropped_and_what_follows_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.hikvision.multipart.MOST_BYTES", 1000)
    parts = Parts("boundary")
    stream = b"--boundary\r\n\r\n" + b"x" * 5000 + b"--boundary\r\nContent-Type: a/b\r\n\r\nwhole\r\n--boundary"
    found = [part for at in range(0, len(stream), 100) for part in parts.feed(stream[at : at + 100])]
    assert [(part.media_type, part.content) for part in found] == [("a/b", b"whole")]
    assert parts.dropped == 1


@pytest.mark.parametrize(
    ("told", "boundary"),
    [("multipart/mixed; boundary=boundary", "boundary"), ('multipart/x; boundary="--MIME"', "MIME"), ("", "boundary")],
)
def test_boundaries(told: str, boundary: str) -> None:
    assert boundary_of(told) == boundary


# ── a camera that speaks HTTP ────────────────────────────────────────────────────────────────────────────────────────


class StandIn(BaseHTTPRequestHandler):
    """A camera: Digest, an endless stream of what `notices` says, a still picture."""

    protocol_version = "HTTP/1.1"
    notices: list[tuple[str, bytes]]
    asked: list[str]

    def do_GET(self) -> None:
        told = self.headers.get("Authorization", "")
        if not self._is_right(told):
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Digest realm="cam", nonce="n0nce", qop="auth"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.asked.append(self.path)
        if self.path.endswith("/picture"):
            self.send_response(200)
            self.send_header("Content-Type", "image/jpeg")
            self.send_header("Content-Length", str(len(JPEG)))
            self.end_headers()
            self.wfile.write(JPEG)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/mixed; boundary=boundary")
        self.send_header("Connection", "close")
        self.end_headers()
        for media_type, content in self.notices:
            self.wfile.write(b"--boundary\r\nContent-Type: " + media_type.encode() + b"\r\n\r\n" + content + b"\r\n")
            self.wfile.flush()
            time.sleep(0.05)
        self.wfile.write(b"--boundary\r\n")
        self.wfile.flush()
        time.sleep(4)
        self.close_connection = True

    def _is_right(self, told: str) -> bool:
        parts = dict(re.findall(r'(\w+)="?([^",]+)"?', told))
        if not parts:
            return False
        first, second = (hashlib.md5(text.encode()).hexdigest() for text in ("viewer:cam:s3cret", f"GET:{self.path}"))  # noqa: S324
        text = f"{first}:{parts['nonce']}:{parts['nc']}:{parts['cnonce']}:{parts['qop']}:{second}"
        return parts["response"] == hashlib.md5(text.encode()).hexdigest()  # noqa: S324

    def log_message(self, *_told: Any) -> None:
        pass


@contextmanager
def camera(notices: list[tuple[str, bytes]]) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("Handler", (StandIn,), {"notices": notices, "asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()


@contextmanager
def heard(url: str, folder: Path, password: str = SECRET) -> Iterator[tuple[Spool, list[bool]]]:
    spool, there = Spool(folder, 10_000_000, 0), []
    stream = AlertStream(
        Account(url, "viewer", password, 1), Reporter("s", "cam-1", spool), parked_s=180, loitered_s=180,
        now=lambda: NOW, monotonic=time.monotonic, announce=there.append,
    )  # fmt: skip
    stream.start()
    try:
        yield spool, there
    finally:
        stream.stop()


def said(spool: Spool) -> list[tuple[str, str | None]]:
    told = [json.loads(message.payload) for _, message in spool.to_say()]
    return [(one["kind"], one["data"].get("state")) for one in told]


def test_a_camera_is_heard_with_a_picture_that_comes_along_or_is_fetched(tmp_path: Path) -> None:
    xml = "application/xml"
    notices = [
        (xml, sample("heartbeat")), (xml, b"<not xml"), (xml, sample("field-entered")), ("image/jpeg", JPEG + b"1"),
        (xml, sample("field-entered")), (xml, sample("covered")), ("application/json", sample("thrown")),
    ]  # fmt: skip
    with camera(notices) as (url, asked), heard(url, tmp_path) as (spool, there):
        wait_for(lambda: len(said(spool)) >= 3, "what it notices", 10)
        wait_for(lambda: any(path.endswith("/101/picture") for path in asked), "its picture to be fetched", 10)
        wait_for(lambda: ("camera.tamper", "off") in said(spool), "the end of what nobody ends", 15)
    assert said(spool)[:3] == [("camera.intrusion", None), ("camera.tamper", "on"), ("camera.falling_object", None)]
    assert there[0] is True
    pictures = []
    while (waiting := spool.to_send()) is not None:
        pictures.append(waiting.content.read_bytes())
        spool.sent(waiting.number)
    assert pictures[0] == JPEG + b"1"
    assert JPEG in pictures[1:]


def test_a_camera_that_does_not_let_us_in_is_offline_and_asked_again(tmp_path: Path) -> None:
    with camera([]) as (url, asked), heard(url, tmp_path, "wrong") as (spool, there):
        wait_for(lambda: len(there) >= 2, "the second try", 10)
    assert there == [False] * len(there)
    assert asked == []
    assert said(spool) == []

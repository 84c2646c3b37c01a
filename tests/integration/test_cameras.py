"""A camera from its film to a bundle that proves what it saw: event, alert, snapshot, clip, frozen and played."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import av
import httpx2 as httpx
import pytest

from connectors.camera.analytics import ANALYTICS, Known
from connectors.camera.config import WorkerConfig
from connectors.camera.worker import Worker
from gateway.embedded.ports import LOOPBACK
from gateway.evidence.check import check
from gateway.evidence.signing import signer_of
from gateway.evidence.verify import verify
from gateway.store import retention
from gateway.store.pool import connect
from tests.answers import wrong_frames
from tests.films import BrightLooker, WhenBright, film
from tests.station import SEALER, Station, make_site, wait_for

pytestmark = pytest.mark.slow

JPEG = b"\xff\xd8\xff\xe0" + b"a picture" * 20
MP4 = b"\x00\x00\x00\x18ftypisom" + b"a clip" * 50
SIGNER = signer_of(SEALER)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    running = Station(tmp_path_factory.mktemp("town"), make_site(doors=1))
    try:
        yield running.start_all()
    finally:
        running.close()


def config_of(town: Station, source: Path, folder: Path, **camera: Any) -> WorkerConfig:
    told: dict[str, Any] = {
        "device": "camera-1", "secret": town.device_secrets["camera-1"], "source": str(source), "lead_s": 1,
        "tail_s": 1.5, "analytics": [{"notice": "bright"}], **camera,
    }  # fmt: skip
    return WorkerConfig.model_validate({
        "station": town.id, "broker": f"mqtt://{LOOPBACK}:{town.broker.port}", "api": town.url,
        "spool": folder / "spool", "spool_mb": 100, "reserve_mb": 1, "cameras": [told],
    })  # fmt: skip


@contextmanager
def watching(config: WorkerConfig) -> Iterator[Worker]:
    worker = Worker(config, lambda: datetime.now(UTC), time.monotonic)
    stopping = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stopping,))
    thread.start()
    try:
        yield worker
    finally:
        stopping.set()
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture
def bright(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ANALYTICS, "bright", Known(WhenBright, BrightLooker))


def pictures_of(town: Station, alert: int, user: str = "operator") -> list[dict[str, Any]]:
    with town.api(user) as api:
        answer = api.get(f"/alerts/{alert}/pictures")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])


def fallen(town: Station, beyond: int = 0) -> dict[str, Any] | None:
    """The alert of something that fell, younger than one that is known."""
    with town.api() as api:
        items = api.get("/alerts", params={"state": "open", "rule": "falling-object"}).json()["items"]
    found: dict[str, Any] | None = next((one for one in items if one["id"] > beyond), None)
    return found


def hand_in(town: Station, event: str, role: str, content: bytes, **more: Any) -> httpx.Response:
    now = datetime.now(UTC)
    told = {
        "event": event, "role": role, "from": (now - timedelta(seconds=40)).isoformat(), "until": now.isoformat(),
        **more.pop("params", {}),
    }  # fmt: skip
    secret = more.pop("secret", town.device_secrets["camera-1"])
    return httpx.post(
        f"{town.url}/api/v1/media", params=told, content=content, auth=(more.pop("device", "camera-1"), secret),
        headers={"Content-Type": more.pop("type", "image/jpeg" if role == "snapshot" else "video/mp4")}, timeout=20,
    )  # fmt: skip


class Fall(NamedTuple):
    """What came of a film in which something fell."""

    alert: int
    snapshot: dict[str, Any]
    clip: dict[str, Any]
    seconds: float


@pytest.fixture(scope="module")
def fall(town: Station, tmp_path_factory: pytest.TempPathFactory) -> Fall:
    folder = tmp_path_factory.mktemp("fall")
    made = film(folder / "film.mp4", seconds=8, fps=10, gop_s=1, bright_at=4)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(ANALYTICS, "bright", Known(WhenBright, BrightLooker))
        with watching(config_of(town, made, folder)) as worker:
            alert = wait_for(lambda: fallen(town), "the alert")["id"]
            raised = time.monotonic()
            wait_for(lambda: pictures_of(town, alert), "its snapshot")
            seconds = time.monotonic() - raised
            both = wait_for(lambda: (found := pictures_of(town, alert)) and len(found) == 2 and found, "its clip")
            assert worker.cameras[0].source.broken == 0
    return Fall(
        alert, next(one for one in both if one["role"] == "snapshot"),
        next(one for one in both if one["role"] == "clip"), seconds,
    )  # fmt: skip


def shown(town: Station, alert: int, picture: int, **more: Any) -> httpx.Response:
    with town.api() as api:
        return api.get(f"/alerts/{alert}/pictures/{picture}", **more)


def test_a_sighting_is_an_event_with_a_snapshot_and_a_clip_from_before_it(town: Station, fall: Fall) -> None:
    event = town.rows("select * from event where event_id = %s", fall.clip["event"])[0]
    assert (event["device_id"], event["kind"]) == ("camera-1", "camera.falling_object")
    assert event["data"]["media"] == ["snapshot", "clip"]
    assert fall.seconds < 30
    begins, ends = (datetime.fromisoformat(fall.clip[name]) for name in ("from_at", "until_at"))
    assert timedelta(seconds=0.99) <= event["ts"] - begins <= timedelta(seconds=2.2), "lead, and one group more"
    assert timedelta(seconds=1.2) <= ends - event["ts"] <= timedelta(seconds=1.8)


def test_what_is_shown_is_what_was_sealed(town: Station, fall: Fall) -> None:
    clip, still = shown(town, fall.alert, fall.clip["id"]), shown(town, fall.alert, fall.snapshot["id"])
    part = shown(town, fall.alert, fall.clip["id"], headers={"Range": "bytes=10-19"})
    beyond = shown(town, fall.alert, fall.clip["id"], headers={"Range": "bytes=99999999-"})
    assert (clip.headers["content-type"], still.headers["content-type"]) == ("video/mp4", "image/jpeg")
    assert hashlib.sha256(clip.content).hexdigest() == fall.clip["sha256"]
    assert hashlib.sha256(still.content).hexdigest() == fall.snapshot["sha256"]
    assert (part.status_code, part.content) == (206, clip.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(clip.content)}"
    assert beyond.status_code == 416
    assert clip.headers["cache-control"] == "private, no-store"
    looks = town.rows(
        "select * from audit where act = 'picture.seen' and object = %s order by id", f"alert/{fall.alert}"
    )
    assert [(one["username"], one["detail"]["role"]) for one in looks] == [
        ("operator", "clip"), ("operator", "snapshot"),
    ], "a clip that is fetched in parts is looked at once"  # fmt: skip


def test_a_clip_plays_and_shows_the_moment_when_it_says(town: Station, fall: Fall) -> None:
    happened = town.one("select ts from event where event_id = %s", fall.clip["event"])
    begins = datetime.fromisoformat(fall.clip["from_at"])
    with av.open(io.BytesIO(shown(town, fall.alert, fall.clip["id"]).content)) as container:
        frames = list(container.decode(video=0))
    assert frames[0].key_frame
    turned = next(frame.time for frame in frames if frame.to_ndarray(format="gray").mean() > 80)
    assert turned == pytest.approx((happened - begins).total_seconds(), abs=0.15)


def test_consoles_are_told_of_pictures(town: Station, fall: Fall) -> None:
    changes = town.rows("select kind, body from change where kind = 'picture' order by id limit 2")
    assert [one["body"]["alert"] for one in changes] == [fall.alert] * 2
    assert wrong_frames(changes) == []


def test_pictures_are_evidence_and_one_flipped_byte_is_found(town: Station, fall: Fall) -> None:
    clip = shown(town, fall.alert, fall.clip["id"]).content
    with town.api("commander") as api:
        incident = api.get(f"/alerts/{fall.alert}").json()["incidents"][-1]
        kept = api.get(f"/incidents/{incident}/evidence").json()["items"]
        wanted = {"recipient": "县局 2026-7", "reason": "高空抛物取证"}
        taken = api.post(f"/incidents/{incident}/evidence/bundle", json=wanted, timeout=60)
    frozen = [content for one in kept if one["kind"] == "picture" for content in one["contents"]]
    assert {(one["name"], one["sha256"]) for one in frozen} == {
        ("snapshot.jpg", fall.snapshot["sha256"]), ("clip.mp4", fall.clip["sha256"]),
    }  # fmt: skip
    assert taken.status_code == 200, taken.text
    assert verify(taken.content).is_whole
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        inside = {name.rpartition("/")[2]: archive.read(name) for name in archive.namelist()}
    assert inside["clip.mp4"] == clip
    assert b"<video src=" in inside["report.html"]
    flipped = bytearray(taken.content)
    flipped[taken.content.find(clip[1000:1100]) + 50] ^= 1
    found = verify(bytes(flipped))
    assert not found.is_whole
    assert any("clip.mp4" in one.where for one in found.findings if not one.is_right)
    with connect(town.postgres.url, "test check") as connection:
        assert check(connection, SEALER, SIGNER, town.id).wrong is None


@pytest.mark.usefixtures("bright")
def test_what_is_seen_while_nobody_answers_arrives_later(town: Station, fall: Fall, tmp_path: Path) -> None:
    made = film(tmp_path / "film.mp4", seconds=30, fps=10, gop_s=1, bright_at=2)
    folder = tmp_path / "spool" / "camera-1"
    town.broker.kill()
    town.kill("api")
    try:
        with watching(config_of(town, made, tmp_path)):
            wait_for(lambda: len(list(folder.glob("*.content"))) == 2, "snapshot and clip", 30)
        waiting = next(path for path in folder.glob("*.event"))
        event = json.loads(json.loads(waiting.read_text())["payload"])["id"]
    finally:
        town.broker.start()
        town.start_api()
    with watching(config_of(town, film(tmp_path / "dark.mp4", seconds=60, bright_at=60), tmp_path)):
        wait_for(lambda: town.one("select count(*) from event where event_id = %s", event) == 1, "the event")
        of_it = wait_for(
            lambda: (
                len(found := [one for one in pictures_of(town, fall.alert) if one["event"] == event]) == 2 and found
            ),
            "its pictures",
        )
        wait_for(lambda: not list(folder.iterdir()), "an empty spool")
    assert {one["role"] for one in of_it} == {"snapshot", "clip"}


@pytest.mark.usefixtures("bright")
def test_a_camera_without_pictures_is_offline(town: Station, tmp_path: Path) -> None:
    made = film(tmp_path / "film.mp4", seconds=2, bright_at=2)

    def last() -> str | None:
        rows = town.rows(
            "select kind from event where device_id = 'camera-1' and kind like 'device.%%' "
            "order by received_at desc limit 1"
        )
        return rows[0]["kind"] if rows else None

    with watching(config_of(town, made, tmp_path)):
        wait_for(lambda: last() == "device.online", "the camera")
        made.rename(tmp_path / "taken-away.mp4")
        wait_for(lambda: last() == "device.offline", "its silence", 40)
        (tmp_path / "taken-away.mp4").rename(made)
        wait_for(lambda: last() == "device.online", "its pictures again", 40)
    wait_for(lambda: last() == "device.offline", "its goodbye")


@pytest.mark.usefixtures("bright")
def test_an_analytic_that_fails_ends_no_camera(town: Station, tmp_path: Path) -> None:
    made = film(tmp_path / "film.mp4", seconds=4, bright_at=2)
    asked = [{"notice": "bright", "fails": True}, {"notice": "bright", "kind": "camera.intrusion"}]
    with watching(config_of(town, made, tmp_path, analytics=asked)):
        wait_for(lambda: town.one("select count(*) from event where kind = 'camera.intrusion'"), "what the other saw")


def test_what_is_handed_in_is_checked(town: Station) -> None:
    assert hand_in(town, "e-1", "snapshot", JPEG).status_code == 201
    again = hand_in(town, "e-1", "snapshot", JPEG)
    assert (again.status_code, again.json()["fresh"]) == (200, False)
    other = hand_in(town, "e-1", "snapshot", JPEG + b"another")
    assert (other.status_code, other.headers["content-type"]) == (409, "application/problem+json")
    now = datetime.now(UTC)
    for status, answer in (
        (401, hand_in(town, "e-2", "snapshot", JPEG, secret="wrong")),
        (401, hand_in(town, "e-2", "snapshot", JPEG, device="door-99")),
        (422, hand_in(town, "e-2", "snapshot", MP4)),
        (422, hand_in(town, "e-2", "clip", MP4, type="image/jpeg")),
        (422, hand_in(town, "e-2", "snapshot", b"<html>")),
        (422, hand_in(town, "e-2", "snapshot", JPEG + bytes(4 * 1024 * 1024))),
        (422, hand_in(town, "e-2", "clip", MP4 + bytes(48 * 1024 * 1024))),
        (422, hand_in(town, "e-2", "clip", MP4, params={"until": (now + timedelta(minutes=6)).isoformat()})),
        (422, hand_in(town, "e-2", "clip", MP4, params={"from": (now + timedelta(minutes=6)).isoformat()})),
        (422, hand_in(town, "e-2", "clip", MP4, params={"from": "2026-11-22T08:00:00"})),
        (422, hand_in(town, "e-2", "clip", MP4, params={"from": "yesterday"})),
        (422, hand_in(town, "", "clip", MP4)),
        (422, hand_in(town, "e-2", "film", MP4)),
    ):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    with town.api() as api:
        assert api.post("/media", params={"event": "e"}, content=JPEG).status_code in {401, 422}
    assert town.one("select count(*) from media where event_id = 'e-2'") == 0


def test_pictures_before_their_alert_are_found_by_it(town: Station) -> None:
    known = (fallen(town) or {"id": 0})["id"]
    assert hand_in(town, "early-1", "snapshot", JPEG + b"early").status_code == 201
    wait_for(lambda: town.one("select count(*) from media where fresh") == 0, "that it was looked at")
    with town.publisher("camera-1") as camera:
        camera.raw(f"anxin/v1/{town.id}/camera-1/event", json.dumps({
            "id": "early-1", "ts": datetime.now(UTC).isoformat(), "kind": "camera.falling_object",
            "data": {"floor_estimate": 9},
        }).encode())  # fmt: skip
    reference = "camera-1/early-1"
    alert = wait_for(
        lambda: town.rows("select alert_id from evidence_event where reference = %s", reference), "its alert"
    )[0]["alert_id"]
    assert alert >= known
    assert wait_for(
        lambda: [one["event"] for one in pictures_of(town, alert) if one["event"] == "early-1"], "its picture"
    ) == ["early-1"]
    assert hand_in(town, "early-1", "clip", MP4).status_code == 201
    wait_for(lambda: len([one for one in pictures_of(town, alert) if one["event"] == "early-1"]) == 2, "its clip")


def test_who_may_look(town: Station) -> None:
    alert = town.one("select max(alert_id) from evidence_media")
    picture = pictures_of(town, alert)[0]["id"]
    for user, status in (("operator", 200), ("officer", 200), ("commander", 200), ("auditor", 403), ("admin", 403)):
        with town.api(user) as api:
            assert api.get(f"/alerts/{alert}/pictures").status_code == status, user
            assert api.get(f"/alerts/{alert}/pictures/{picture}").status_code == status, user
    with town.api() as api:
        assert api.get(f"/alerts/{alert}/pictures/{picture + 1000}").status_code == 404
        assert api.get(f"/alerts/{alert + 1000}/pictures").status_code == 404
    raw = town.rows("select sealed from media where id = %s", picture)[0]["sealed"]
    assert JPEG[:20] not in bytes(raw), "sealed at rest"


def test_pictures_go_after_their_time_and_an_alerts_with_its_case(town: Station) -> None:
    assert hand_in(town, "nobody-1", "snapshot", JPEG + b"nobody").status_code == 201
    wait_for(lambda: town.one("select count(*) from media where fresh") == 0, "that it was looked at")
    named = town.one("select count(*) from evidence_media")
    later = datetime.now(UTC) + timedelta(days=31)
    with connect(town.postgres.url, "test retention") as connection:
        went = retention.retire_media(connection, town.id, later - timedelta(days=30), later)
        assert went >= 2, "e-1 and nobody-1"
    with connect(town.postgres.url, "test retention") as connection, pytest.raises(Exception, match="30 days"):
        retention.retire_media(connection, town.id, datetime.now(UTC), datetime.now(UTC))
    assert town.one("select count(*) from media where event_id in ('e-1', 'nobody-1')") == 0
    assert town.one("select count(*) from evidence_media") == named
    assert town.one("select detail ->> 'count' from audit where act = 'retention' and object = 'media'") == str(went)

"""A camera watched live, as stills, and clips it is asked for when something else speaks at its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import cv2
import httpx2 as httpx
import msgspec
import numpy as np
import pytest

from connectors.camera.worker import Worker
from gateway.cameras import clips, handing_in
from gateway.media_types import jpeg_size
from gateway.model.policy import Flood
from gateway.model.registry import Area, Device, Place
from gateway.registering.site import SiteUser
from gateway.store import live as store
from gateway.store.pool import connect
from tests.films import film
from tests.integration.test_cameras import MP4, config_of, pictures_of, watching
from tests.station import Station, ladders, make_site, now_text, wait_for

pytestmark = pytest.mark.slow

JPEG = cv2.imencode(".jpg", np.full((36, 64, 3), 90, np.uint8))[1].tobytes()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    site = make_site(doors=2)
    site = msgspec.structs.replace(
        site,
        areas=[*site.areas, Area("grid-2", "grid", "西街网格")],
        places=[*site.places, Place("far", "shop", "grid-2", "西街商店")],
        devices=[
            *site.devices,
            # One for each test: an alert that is open already asks no camera again.
            *(Device(f"door-s{n}", "door_controller", "school-1", f"校门{n}") for n in range(1, 5)),
            Device("camera-2", "camera", "school-1", "校门二号机"), Device("camera-far", "camera", "far", "西街枪机"),
        ],
        users=[*site.users, SiteUser("west", "西街民警", "officer", areas=["grid-2"]),
            SiteUser("west-chief", "西街所长", "commander", areas=["grid-2"]),
        ],
        policy=msgspec.structs.replace(ladders(), flood=Flood(begins_above=1_000_000)),
    )  # fmt: skip
    running = Station(tmp_path_factory.mktemp("town"), site)
    try:
        yield running.start_all()
    finally:
        running.close()


@pytest.fixture(scope="module")
def worker(town: Station, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """Camera 1 of the school, on a film of two minutes: a clip is cut from one run of it."""
    folder = tmp_path_factory.mktemp("worker")
    made = film(folder / "film.mp4", seconds=120, fps=4, size=(800, 600), bright_at=130)
    with watching(config_of(town, made, folder, analytics=[])) as running:
        wait_for(lambda: is_online(town, "camera-1"), "the camera")
        yield running


def is_online(town: Station, device: str) -> bool:
    return bool(town.one("select count(*) from device_health where device_id = %s and online", device))


def still_of(api: httpx.Client, device: str = "camera-1") -> httpx.Response | None:
    """The newest still, None while one is asked for."""
    answer = api.get(f"/devices/{device}/still")
    assert answer.status_code in {200, 204}, answer.text
    return answer if answer.status_code == 200 else None


def put(town: Station, content: bytes = JPEG, device: str = "camera-2", **more: Any) -> httpx.Response:
    return httpx.put(
        f"{town.url}/api/v1/still", params={"at": datetime.now(UTC).isoformat(), **more.pop("params", {})},
        content=content, auth=(device, more.pop("secret", town.device_secrets[device])), timeout=10,
    )  # fmt: skip


def test_a_still_is_there_soon_and_no_more_come_when_nobody_asks(town: Station, worker: Worker) -> None:
    with town.api() as api:
        first = wait_for(lambda: still_of(api), "a still", 20)
        taken_at = datetime.fromisoformat(first.headers["x-taken-at"])
        assert abs(datetime.now(UTC) - taken_at) < timedelta(seconds=5)
        assert (first.headers["content-type"], first.headers["cache-control"]) == ("image/jpeg", "private, no-store")
        assert jpeg_size(first.content) == (640, 480)
        raw = town.rows("select sealed from camera_still where device_id = 'camera-1'")[0]["sealed"]
        assert b"JFIF" in first.content
        assert b"JFIF" not in bytes(raw), "sealed at rest"

        def another() -> bool:
            newer = still_of(api)
            return newer is not None and newer.headers["x-taken-at"] != first.headers["x-taken-at"]

        wait_for(another, "another one", 10)
    audited = town.rows("select username, object from audit where act = 'camera.watched'")
    assert audited == [{"username": "operator", "object": "device/camera-1"}], "one line a viewing, not one a still"
    town.execute("update camera_watch set asked_at = asked_at - interval '16 s'")
    wait_for(lambda: not worker.cameras[0].stills.is_wanted, "that the camera stops", 10)
    with connect(town.postgres.url, "test") as connection:
        store.forget(connection, town.id, datetime.now(UTC))
    assert town.one("select count(*) from camera_still") == 0


def test_who_may_watch_what(town: Station) -> None:
    for user, status in (("officer", 204), ("commander", 204), ("auditor", 403), ("admin", 403)):
        with town.api(user) as api:
            assert api.get("/devices/camera-2/still").status_code == status, user
    with town.api("west") as api:
        assert api.get("/devices/camera-2/still").status_code == 404
        assert api.get("/devices/camera-far/still").status_code == 204
    with town.api() as api:
        assert api.get("/devices/door-s1/still").status_code == 404, "a door shows nothing"
        assert api.get("/devices/nowhere/still").status_code == 404
    watched = town.rows("select username, object from audit where act = 'camera.watched' and username = 'west'")
    assert [one["object"] for one in watched] == ["device/camera-far"]


def test_whoever_looks_again_after_a_minute_begins_anew(town: Station) -> None:
    def lines() -> int:
        return int(town.one("select count(*) from audit where act = 'camera.watched' and username = 'deputy'"))

    with town.api("deputy") as api:
        for pause, begun in ((0, 1), (50, 1), (70, 2)):
            town.execute("update camera_watch set asked_at = asked_at - %s * interval '1 s'", pause)
            assert api.get("/devices/camera-2/still").status_code in {200, 204}
            assert lines() == begun


def test_what_a_camera_hands_in_is_checked(town: Station) -> None:
    town.execute("delete from camera_watch")
    unasked = put(town)
    assert (unasked.status_code, unasked.json()["detail"][:14]) == (409, "nobody watches")
    assert town.one("select count(*) from camera_still where device_id = 'camera-2'") == 0
    with town.api() as api:
        assert still_of(api, "camera-2") is None
        wide = cv2.imencode(".jpg", np.zeros((10, 641, 3), np.uint8))[1].tobytes()
        for status, answer in (
            (401, put(town, secret="wrong")),
            (401, put(town, secret=town.device_secrets["camera-1"])),
            (401, httpx.put(f"{town.url}/api/v1/still", params={"at": now_text()}, content=JPEG)),
            (422, put(town, MP4)),
            (422, put(town, b"")),
            (422, put(town, b"\xff\xd8\xff")),
            (422, put(town, wide)),
            (422, put(town, JPEG + bytes(handing_in.MOST_BYTES))),
            (422, put(town, params={"at": "2026-11-22T08:00:00"})),
            (422, put(town, params={"at": "now"})),
        ):
            assert answer.status_code == status, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
        assert still_of(api, "camera-2") is None
        ahead = datetime.now(UTC) + timedelta(hours=1)
        assert put(town, params={"at": ahead.isoformat()}).status_code == 204
        shown = wait_for(lambda: still_of(api, "camera-2"), "it")
        assert shown.content == JPEG
        assert datetime.fromisoformat(shown.headers["x-taken-at"]) < ahead, "a clock that is ahead is not believed"
        town.execute("update camera_still set received_at = received_at - interval '11 s'")
        assert still_of(api, "camera-2") is None, "what is old is not shown"


# ── what a camera looks at ───────────────────────────────────────────────────────────────────────────────────────────

SEEN: dict[str, Any] = {"width": 1280, "height": 720, "analytics": [{
    "notice": "parked", "state": "looking", "hours": ["22:00-06:00"], "settings": {"warn_s": 60.0}, "told": ["warn_s"],
    "shapes": [{"sort": "zone", "name": "fire_lane", "points": [[0.1, 0.6], [0.9, 0.6], [0.9, 0.9]], "floor": None}],
    "look_ms": 1.5, "said": None, "said_at": None,
}]}  # fmt: skip


def tell(town: Station, content: Any = None, device: str = "camera-2", secret: str | None = None) -> httpx.Response:
    body = content if isinstance(content, bytes) else json.dumps(SEEN if content is None else content).encode()
    auth = (device, secret or town.device_secrets[device])
    return httpx.put(f"{town.url}/api/v1/seeing", content=body, auth=auth, timeout=10)


def seeing(api: httpx.Client, device: str = "camera-2") -> dict[str, Any] | None:
    answer = api.get(f"/devices/{device}/seeing")
    assert answer.status_code in {200, 204}, answer.text
    return dict(answer.json()) if answer.status_code == 200 else None


def test_a_worker_says_what_it_looks_at(town: Station, worker: Worker) -> None:
    del worker
    with town.api("commander") as api:
        told = wait_for(lambda: seeing(api, "camera-1"), "what it looks at", 20)
        assert told["analytics"] == []
        shown = wait_for(lambda: seeing(api, "camera-1")["width"], "the size of its pictures", 20)  # type: ignore[index]
        assert shown == 800


def test_what_it_says_is_checked_sealed_and_soon_forgotten(town: Station) -> None:
    assert tell(town).status_code == 409, "nobody asked"
    with town.api("admin") as api:
        assert seeing(api) is None
        more = {**SEEN, "analytics": SEEN["analytics"] * 101}
        outside = {**SEEN["analytics"][0], "shapes": [{"sort": "zone", "name": "x", "points": [[0, 1e9], [0, 0]]}]}
        for status, answer in (
            (401, tell(town, secret="wrong")),
            (401, tell(town, secret=town.device_secrets["camera-1"])),
            (401, httpx.put(f"{town.url}/api/v1/seeing", content=b"{}")),
            (422, tell(town, b"{")),
            (422, tell(town, b"\xff")),
            (422, tell(town, [])),
            (422, tell(town, {**SEEN, "width": 0})),
            (422, tell(town, {**SEEN, "analytics": [outside]})),
            (422, tell(town, more)),
            (422, tell(town, b" " * (handing_in.MOST_DESCRIBED + 1))),
            (409, tell(town, device="camera-far")),
        ):
            assert answer.status_code == status, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
        assert seeing(api) is None
        assert tell(town, {**SEEN, "more": "of a later version", "source": "rtsp://viewer:password@camera"}).is_success
        told = seeing(api)
        assert told is not None
        assert {name: value for name, value in told.items() if name != "told_at"} == SEEN
        raw = bytes(town.rows("select sealed from camera_description where device_id = 'camera-2'")[0]["sealed"])
        assert b"fire_lane" not in raw, "sealed at rest"
        town.execute("update camera_description set told_at = told_at - interval '31 s'")
        assert seeing(api) is None, "what is old is not told"
    with connect(town.postgres.url, "test") as connection:
        store.forget(connection, town.id, datetime.now(UTC))
    assert town.one("select count(*) from camera_description") == 0


def test_who_may_see_what_a_camera_looks_at(town: Station) -> None:
    for user, status in (("operator", 403), ("officer", 403), ("auditor", 403), ("commander", 204), ("admin", 204)):
        with town.api(user) as api:
            assert api.get("/devices/camera-far/seeing").status_code == status, user
    with town.api("west-chief") as api:
        assert api.get("/devices/camera-2/seeing").status_code == 404
        assert api.get("/devices/camera-far/seeing").status_code == 204
    with town.api("commander") as api:
        assert api.get("/devices/door-s1/seeing").status_code == 404, "a door sees nothing"


# ── clips of what others said ────────────────────────────────────────────────────────────────────────────────────────


def forced(town: Station, device: str, **more: Any) -> dict[str, Any]:
    """The alert of a door that was forced just now."""
    with town.publisher() as devices:
        event = devices.event(device, "door.forced", **more)
    found = wait_for(
        lambda: town.rows(
            "select id, events, last_event_at from alert where stream = 'alert' and events ? %s", f"{device}/{event}"
        ), "its alert",
    )[0]  # fmt: skip
    return {**found, "event": event}


def asked_of(town: Station, alert: int) -> list[str]:
    return [row["device_id"] for row in town.rows(
        "select device_id from clip_request where alert_id = %s order by device_id", alert
    )]  # fmt: skip


def hand_in_of(town: Station, of: str, device: str = "camera-1", role: str = "clip", **more: Any) -> httpx.Response:
    now = datetime.now(UTC)
    told = {"of": of, "role": role, "from": (now - timedelta(seconds=40)).isoformat(), "until": now.isoformat(), **more}
    return httpx.post(
        f"{town.url}/api/v1/media", params=told, content=MP4, auth=(device, town.device_secrets[device]),
        headers={"Content-Type": "video/mp4"}, timeout=20,
    )  # fmt: skip


def test_a_clip_of_anothers_event_is_taken_when_it_was_asked_for_and_only_then(town: Station, worker: Worker) -> None:
    del worker
    alert = forced(town, "door-s2")
    of = f"door-s2/{alert['event']}"
    wait_for(lambda: asked_of(town, alert["id"]), "that the camera is asked")
    for status, answer in (
        (409, hand_in_of(town, of, "camera-2")),
        (409, hand_in_of(town, "door-s2/another")),
        (409, hand_in_of(town, "camera-1/its-own")),
        (422, hand_in_of(town, of, role="snapshot")),
        (422, hand_in_of(town, of, event="both")),
        (422, hand_in_of(town, "door-s2")),
        (201, hand_in_of(town, of)),
        (200, hand_in_of(town, of)),
    ):
        assert answer.status_code == status, answer.text
    wait_for(lambda: [one["camera"] for one in pictures_of(town, alert["id"])] == ["camera-1"], "it")


def test_nothing_is_asked_of_drills_of_the_past_and_of_what_happened_elsewhere(town: Station, worker: Worker) -> None:
    del worker
    with town.api() as api:
        assert api.post("/drills", json={"device": "button-1", "minutes": 5}).status_code == 201
    town.wait_for_registry()
    with town.publisher() as devices:
        pressed = devices.event("button-1", "alarm.pressed")
    late = forced(town, "door-s3", ts=now_text(-60))
    elsewhere = forced(town, "door-0")
    drill = wait_for(lambda: town.rows("select id, drill from alert where events ? %s", f"button-1/{pressed}"), "it")[0]
    assert drill["drill"]
    known = forced(town, "door-s4")
    wait_for(lambda: asked_of(town, known["id"]), "that the camera is asked of what came last")
    assert asked_of(town, drill["id"]) + asked_of(town, late["id"]) + asked_of(town, elsewhere["id"]) == []


def test_in_a_flood_a_camera_is_asked_for_the_most_urgent(town: Station, worker: Worker) -> None:
    del worker
    town.execute("update clip_request set asked_at = asked_at - interval '2 minutes'")
    now = datetime.now(UTC)
    with connect(town.postgres.url, "test") as connection:
        for number in range(9):
            connection.execute(
                "insert into alert (station_id, rule_id, rule_version, subject, stream, priority, place_id, area_id,"
                " title, explanation, first_action, events, raised_at, last_event_at) values (%s, 'r', 1, %s, 'alert',"
                " %s, 'school-1', 'grid-1', '{}', '{}', '{}', %s, %s, %s)",
                (town.id, f"s-{number}", "P1" if number > 6 else "P3", json.dumps([f"door-s/f{number}"]), now, now),
            )
        asked = [one for _ in range(3) for one in clips.ask(connection, town.id, now)]
        connection.rollback()
    assert [one.event for one in asked] == ["door-s/f7", "door-s/f8", "door-s/f0", "door-s/f1"]
    assert len(asked) == clips.MOST_A_MINUTE


def test_a_forced_door_has_a_clip_of_the_camera_at_its_place(town: Station, worker: Worker) -> None:
    camera = worker.cameras[0]
    wait_for(lambda: camera.ring.oldest_s is not None and camera._newest_s - camera.ring.oldest_s > 26, "its ring", 40)
    alert = forced(town, "door-s1", ts=now_text(-15))
    wait_for(lambda: asked_of(town, alert["id"]) == ["camera-1"], "that the camera is asked; the other is offline")
    (clip,) = wait_for(lambda: pictures_of(town, alert["id"]), "the clip", 60)
    assert (clip["camera"], clip["device"], clip["event"], clip["role"]) == (
        "camera-1", "door-s1", alert["event"], "clip",
    )  # fmt: skip
    happened = alert["last_event_at"]
    begins, ends = (datetime.fromisoformat(clip[name]) for name in ("from_at", "until_at"))
    assert timedelta(seconds=9.5) < happened - begins < timedelta(seconds=12)
    assert timedelta(seconds=28) < ends - happened < timedelta(seconds=31)
    with town.api() as api:
        assert api.get(f"/alerts/{alert['id']}/pictures/{clip['id']}").content[4:8] == b"ftyp"
    record = json.loads(town.one("select record from evidence where kind = 'picture' and alert_id = %s", alert["id"]))
    assert (record["what"]["device"], record["what"]["taken_by"]) == ("door-s1", "camera-1")
    assert town.one("select count(*) from clip_request where alert_id = %s", alert["id"]) == 1

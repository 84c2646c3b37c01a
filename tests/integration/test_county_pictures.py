"""Pictures of alerts whole: from a camera through gateway, outbox and `anxin county run` to an image database."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import httpx2 as httpx
import numpy as np
import pytest
import yaml

from connectors.gat1400.ids import stamp
from gateway.doctor.county import look
from gateway.store.pool import connect
from simulators.county_platform.viid.server import ViidServer
from simulators.county_platform.viid.settings import ViidSettings
from tests.county import free_port
from tests.integration.test_doctor import settings_of
from tests.station import Station, wait_for
from tests.unit.simulators.raw_sip import GATEWAY, PASSWORD
from tests.unit.simulators.raw_viid import SUBSCRIPTION

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
DATABASE, CAMERA = "34020000005030000001", "34020000011325000001"


def jpeg(shade: int) -> bytes:
    done, content = cv2.imencode(".jpg", np.full((48, 64, 3), shade, np.uint8))
    assert done
    return bytes(content)


def write_file(station: Station, port: int, **link: Any) -> None:
    told = {
        "viid": [{
            "url": f"http://127.0.0.1:{port}", "server_id": DATABASE, "device_id": GATEWAY, "password": PASSWORD,
            "keepalive_s": 0.3, "retry_s": 0.2, **link,
        }],
        "codes": {"centre": "34020000", "devices": {"camera-1": CAMERA}},
    }  # fmt: skip
    (station.home / "county.yaml").write_text(yaml.safe_dump(told))
    station.settings["ANXIN_COUNTY_FILE"] = str(station.home / "county.yaml")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Station]:
    station = Station(tmp_path / "station")
    try:
        yield station.start_stores().start_receivers().start_api().start_gateway()
    finally:
        station.close()


def see(station: Station, event: str, kind: str, content: bytes) -> None:
    """A camera says what it saw, and a moment later, when the alert is there, hands in the picture."""
    data = {"zone": "fire_lane", "state": "parked", "parked_s": 200, "floor_estimate": 9, "media": ["snapshot"]}
    with station.publisher("camera-1") as camera:
        camera.event("camera-1", kind, event_id=event, data=data)
    wait_for(lambda: station.rows("select 1 from alert where events ? %s", f"camera-1/{event}"), "the alert")
    hand_in(station, event, content)


def hand_in(station: Station, event: str, content: bytes) -> None:
    now = datetime.now(UTC)
    answer = httpx.post(
        f"{station.url}/api/v1/media", content=content, auth=("camera-1", station.device_secrets["camera-1"]),
        params={"event": event, "role": "snapshot", "from": now.isoformat(), "until": now.isoformat()},
        headers={"Content-Type": "image/jpeg"}, timeout=20,
    )  # fmt: skip
    assert answer.status_code == 201, answer.text


def state(station: Station) -> str:
    return "".join(row["state"] for row in station.rows("select state from county_link"))


def outbox(station: Station) -> list[dict[str, Any]]:
    return station.rows("select id, state, attempts, body from notification where channel like 'viid:%%' order by id")


def shown(county: ViidServer) -> list[bytes]:
    return [base64.b64decode(one["Data"]) for one in county.objects("Images")]


def kinds(county: ViidServer, number: int) -> list[str]:
    """What notifications carried, of so many at least; the car's stands last of the first three."""
    lists = [[key for key in one if key.endswith("List")] for one in county.objects("SubscribeNotifications")]
    told = [each for one in lists for each in one]
    return sorted(told[:3]) + told[3:] if len(told) >= number else []


def broken_rules(county: ViidServer) -> list[str]:
    return [f"{one.rule}: {one.text}" for one in county.violations]


def test_a_snapshot_is_there_with_its_bytes_and_an_outage_loses_nothing_and_says_nothing_twice(own: Station) -> None:
    port = free_port()
    settings = ViidSettings({GATEWAY: PASSWORD}, port=port)
    first, second, third = jpeg(10), jpeg(120), jpeg(200)
    write_file(own, port)
    with ViidServer(settings) as county:
        own.start_county()
        wait_for(lambda: state(own) == "online", "the registration")
        began = time.monotonic()
        see(own, "e-1", "camera.falling_object", first)
        (told,) = wait_for(lambda: county.objects("Images"), "the picture")
        assert time.monotonic() - began < 20
        info = told["ImageInfo"]
        assert shown(county) == [first]
        assert (info["DeviceID"], info["ImageSource"], info["Width"], info["Height"]) == (CAMERA, "01", 64, 48)
        assert (info["Title"], info["ContentDescription"]) == ("高空抛物", "高空抛物 实验小学")
        assert info["ShotPlaceFullAdress"] == "实验小学"
        (row,) = wait_for(lambda: [one for one in outbox(own) if one["state"] == "accepted"], "the row")
        assert row["body"]["image"] == info["ImageID"]
        assert broken_rules(county) == []
        found = settings_of(own, county_file=own.settings["ANXIN_COUNTY_FILE"])
        with connect(own.postgres.url, "test") as connection:
            lines = list(look(connection, found))
        assert [line.name for line in lines] == [
            "county viid process", "county viid registered", "county viid waiting", "county viid answered"
        ]  # fmt: skip
        assert {line.level for line in lines} == {"ok"}
    # The platform is away; the process is killed and started anew while two pictures wait.
    see(own, "e-2", "camera.parked", second)
    wait_for(lambda: len(outbox(own)) == 3, "picture and vehicle in the outbox")
    own.kill("county")
    # One of an alert that was known already, handed in late.
    see(own, "e-3", "camera.falling_object", third)
    own.start_county()
    wait_for(lambda: len(outbox(own)) == 4, "all in the outbox")
    with ViidServer(settings) as county:
        wait_for(lambda: {one["state"] for one in outbox(own)} == {"accepted"}, "what waited")
        assert sorted(shown(county)) == sorted([second, third])
        (vehicle,) = county.objects("MotorVehicles")
        assert vehicle["SourceID"] in {one["ImageInfo"]["ImageID"] for one in county.objects("Images")}
        assert not {"PlateNo", "HasPlate"} & set(vehicle)
        own.stop("county")
        assert broken_rules(county) == []
        assert county.registered == set()
    assert len(outbox(own)) == 4
    assert state(own) == "off"
    assert "老人" not in json.dumps(outbox(own), default=str, ensure_ascii=False)


def test_killed_between_sending_and_writing_down_it_says_the_same_picture_again(own: Station) -> None:
    with ViidServer(ViidSettings({GATEWAY: PASSWORD})) as county:
        write_file(own, county.port)
        own.start_county(ANXIN_FAILPOINTS="after_send")
        wait_for(lambda: state(own) == "online", "the registration")
        see(own, "e-1", "camera.falling_object", jpeg(10))
        own.children["county"].wait(60)
        assert len(county.objects("Images")) == 1
        own.start_county()
        wait_for(lambda: [one["state"] for one in outbox(own)] == ["accepted"], "the row")
        # Another object under the same identifier would be a broken rule.
        both = county.objects("Images")
        assert len(both) == 2
        assert both[0] == both[1]
        assert broken_rules(county) == []


def test_what_is_subscribed_is_told_also_after_a_restart_and_nothing_else(own: Station) -> None:
    with ViidServer(ViidSettings({GATEWAY: PASSWORD})) as county:
        listen = free_port()
        write_file(own, county.port, mode="subscribe", listen=f"127.0.0.1:{listen}")
        own.start_county()
        wait_for(lambda: state(own) == "online", "the registration")
        see(own, "e-1", "camera.parked", jpeg(10))
        now = datetime.now(UTC)
        begin, end = stamp(now - timedelta(minutes=5)), stamp(now + timedelta(hours=1))
        asked = {"details": "3,4,12,13", "begin": begin, "end": end}
        ours = f"http://127.0.0.1:{listen}"
        assert outbox(own) == []  # nobody has subscribed
        assert wait_for(lambda: county.subscribe(ours, SUBSCRIPTION, **asked), "an answer")[0] == 200
        assert len(own.rows("select 1 from viid_subscription")) == 1
        wait_for(lambda: len(county.objects("MotorVehicles")) == 1 and kinds(county, 3), "the vehicle, the cameras")
        # What is not written down when it is killed is said again, by design.
        wait_for(lambda: [one["state"] for one in outbox(own)] == ["accepted"], "the row")
        own.kill("county")
        see(own, "e-2", "camera.falling_object", jpeg(100))
        own.start_county()
        wait_for(lambda: len(outbox(own)) == 1 and state(own) == "online", "the restart")
        told = wait_for(lambda: kinds(county, 5), "the cameras again")
        # At first and after the restart the cameras, and how they are; between them the car.
        assert told == ["DeviceList", "DeviceStatusList", "MotorVehicleObjectList", "DeviceList", "DeviceStatusList"]
        lists = [one["DeviceList"] for one in county.objects("SubscribeNotifications") if "DeviceList" in one]
        (ape,) = lists[0]["APEObject"]
        assert (ape["ApeID"], ape["Name"], ape["PlaceCode"]) == (CAMERA, "校门摄像机", "340200")
        assert county.objects("Images") == []  # pictures were not subscribed
        wait_for(lambda: county.subscribe(ours, SUBSCRIPTION, cancel=True, **asked)[0] == 200, "the end")
        assert own.rows("select 1 from viid_subscription") == []
        assert broken_rules(county) == []

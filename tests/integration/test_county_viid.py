"""Our GA/T 1400 client against an image database that somebody else wrote from the same note: V1 to V9, over HTTP."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.gat1400 import objects
from connectors.gat1400.ids import Numbers, image_id, motor_vehicle_id, notification_id, stamp
from gateway.county.capture import Capture
from simulators.county_platform.viid.server import ViidServer
from simulators.county_platform.viid.settings import ViidSettings
from tests.unit.simulators.raw_sip import GATEWAY, PASSWORD
from tests.unit.simulators.raw_viid import CAMERA, JPEG, SUBSCRIPTION
from tests.viid import Running, until

pytestmark = pytest.mark.slow
NOW = datetime(2026, 3, 2, 7, 41, 9, tzinfo=UTC)


@contextmanager
def pair(ours: dict[str, Any] | None = None, **theirs: Any) -> Iterator[tuple[ViidServer, Running]]:
    """A platform and our client; at the end nothing must have been wrong with what we said, and we must have left."""
    with ViidServer(ViidSettings({GATEWAY: PASSWORD}, **theirs)) as county:
        with Running(county.port, **(ours or {})) as running:
            until(lambda: running.session.online, "the registration")
            yield county, running
        assert county.registered == set()
        assert [f"{one.rule}: {one.text}" for one in county.violations] == []


def picture(number: int) -> objects.Picture:
    return objects.Picture(
        image_id(CAMERA, NOW, number), CAMERA, NOW, "消防通道停车", "消防通道停车 滨河花园 3号楼", "滨河花园 3号楼",
        "01", 640, 480, base64.b64decode(JPEG),
    )  # fmt: skip


def post(ours: Running, *numbers: int) -> list[str]:
    several = [picture(one) for one in numbers]
    told = objects.images([objects.image(one) for one in several])
    found = ours.run(ours.session.post(objects.IMAGES, [one.id for one in several], told))
    return [one.action for one in found]


def vehicle(number: int) -> dict[str, Any]:
    shown = picture(number)
    return objects.motor_vehicle(motor_vehicle_id(shown.id, 1), shown, f"http://127.0.0.1/VIID/Images/{shown.id}/Data")


@pytest.mark.parametrize("challenges", ["nothing", "register", "everything"])
def test_v1_registered_plainly_by_digest_and_with_a_stale_nonce(challenges: Any) -> None:
    with pair(challenges=challenges) as (county, ours):
        assert post(ours, 1) == ["done"]
        county.change_nonce()
        assert post(ours, 2) == ["done"]
        county.forget()
        assert post(ours, 3) == ["done"]
        assert len(county.objects("Images")) == 3


def test_v1_a_wrong_password_is_said_and_tried_again_later() -> None:
    with (
        ViidServer(ViidSettings({GATEWAY: PASSWORD})) as county,
        Running(county.port, password="wrong") as ours,
    ):
        until(lambda: len([one for one in ours.news if one.why]) >= 2, "two refusals")
        assert {one.status for one in ours.news if one.why} == {403}
        assert county.registered == set()


def test_a_recording_has_both_sides_and_no_password_no_answer_and_no_picture(tmp_path: Path) -> None:
    record = Capture(tmp_path, "viid", PASSWORD, lambda: datetime.now(UTC), "utf-8")
    with pair({"traffic": record, "mode": "subscribe"}, challenges="everything") as (county, ours):
        assert post(ours, 1) == ["done"]
        record.ask(datetime.now(UTC) + timedelta(minutes=1))
        county.change_nonce()
        assert post(ours, 2) == ["done"]
        begin, end = (stamp(datetime.now(UTC) + timedelta(hours=hours)) for hours in (-1, 1))
        county.subscribe(ours.url, SUBSCRIPTION, details="13", begin=begin, end=end)
        record.close()
    assert record.file is not None
    text = record.file.read_text(encoding="utf-8")
    assert f" out 127.0.0.1:{county.port}\nPOST /VIID/Images HTTP/1.1\n" in text
    assert f" in 127.0.0.1:{county.port}\nHTTP/1.1 401\n" in text
    assert "\nPOST /VIID/Subscribes HTTP/1.1\n" in text
    assert "消防通道停车" in text
    assert f'"Data":"{len(JPEG)} characters"' in text
    assert 'response="***"' in text
    assert PASSWORD not in text
    assert JPEG not in text
    assert not re.search(r'(nonce|response|opaque)="(?!\*\*\*")', text)


@pytest.mark.parametrize("told", ["4", "401"])
def test_v2_forgotten_at_a_keepalive_it_registers_anew_and_the_order_stays(told: Any) -> None:
    with pair(unknown_keepalive=told) as (county, ours):
        county.wait_for(lambda one: one.keepalives.get(GATEWAY), what="a keepalive")
        assert post(ours, 1) == ["done"]
        county.forget()
        until(lambda: county.registered and ours.session.online, "the registration anew")
        county.forget()
        assert [post(ours, number) for number in (2, 3, 4)] == [["done"]] * 3
        said = [one["ImageInfo"]["ImageID"] for one in county.objects("Images")]
        assert said == [picture(number).id for number in (1, 2, 3, 4)]


def test_v2_three_keepalives_without_an_answer_and_it_registers_anew() -> None:
    with pair({"keepalive_s": 0.1}) as (county, ours):
        seen = len(ours.news)
        county.fail(500, 500, 500)
        until(lambda: [one.state for one in ours.news[seen:]] == ["registering", "online"], "both")
        assert "3 keepalives" in ours.news[seen].why


def test_v3_of_a_batch_of_three_only_the_refused_one_is_given_up() -> None:
    with pair() as (county, ours):
        county.refuse("Images", [0, 8, 0])
        assert post(ours, 1, 2, 3) == ["done", "never", "done"]
        assert len(county.objects("Images")) == 2


@pytest.mark.parametrize("text_codes", [True, False])
@pytest.mark.parametrize("content_type", ["text/plain", "application/json"])
@pytest.mark.parametrize("shape", ["list", "single", "bare"])
def test_v4_answers_of_every_form(text_codes: bool, content_type: str, shape: Any) -> None:
    with pair() as (county, ours):
        county.answers.text_codes, county.answers.content_type = text_codes, content_type
        county.answers.shape = shape
        county.refuse("Images", [0, 8, 4, 4, 2, 1])
        assert [post(ours, number) for number in (1, 2, 3)] == [["done"], ["never"], ["never"]]
        assert [post(ours, number) for number in (4, 5)] == [["again"], ["limited"]]


def test_v5_identifiers_stay_unique_over_a_restart_in_the_same_second() -> None:
    # What has a row has that row's number for good: the same picture is the same, another is another.
    assert picture(7) == picture(7)
    made = {image_id(CAMERA, NOW, number) for number in range(1000)}
    assert len(made) == 1000
    assert {len(one) for one in made} == {41}
    # What has none goes on from anywhere: as by a process that ends and another that starts within the second.
    first, second = Numbers(), Numbers()
    both = [notification_id(CAMERA, NOW, numbers.take()) for numbers in (first, second) for _ in range(3)]
    assert {len(one) for one in both} == {33}
    with pair() as (county, ours):
        told = objects.motor_vehicles([vehicle(1)])
        (found,) = ours.run(ours.session.post(objects.MOTOR_VEHICLES, [vehicle(1)["MotorVehicleID"]], told))
        assert found.action == "done"
        assert len(county.objects("MotorVehicles")[0]["MotorVehicleID"]) == 48


def test_v6_a_subscription_that_has_ended_is_refused_and_one_that_holds_is_told() -> None:
    with pair({"mode": "subscribe"}) as (county, ours):
        now = datetime.now(UTC)
        past, begin, end = (stamp(now + timedelta(hours=hours)) for hours in (-1, -2, 2))
        status, answer = county.subscribe(ours.url, SUBSCRIPTION, details="12,13", begin=begin, end=past)
        (said,) = answer["ResponseStatusListObject"]["ResponseStatusObject"]
        assert (status, said["StatusCode"], ours.subscriptions) == (200, 4, {})
        status, answer = county.subscribe(ours.url, SUBSCRIPTION, details="12,13", begin=begin, end=end)
        (said,) = answer["ResponseStatusListObject"]["ResponseStatusObject"]
        assert (status, said["StatusCode"], said["Id"]) == (200, 0, SUBSCRIPTION)
        held = ours.subscriptions[SUBSCRIPTION]
        assert held.details == ("13",)
        own = notification_id(GATEWAY, now, 1)
        told = objects.vehicle_notification(own, held.id, held.title, now, [vehicle(1), vehicle(2)])
        (found,) = ours.run(ours.session.post("", [own], told, at=held.receive))
        assert found.action == "done"
        assert len(county.objects("MotorVehicles")) == 2
        county.subscribe(ours.url, SUBSCRIPTION, details="12,13", begin=begin, end=end, cancel=True)
        assert ours.subscriptions == {}


@pytest.mark.parametrize("at", ["20260302074109", "2026-03-02 07:41:09"])
def test_v7_a_hit_of_a_watch_list_is_refused_politely_as_often_as_it_comes(at: str) -> None:
    hit = {
        "NotificationID": "340200010000022026030207410900001", "DispositionID": "340200010000012026030108000000001",
        "Title": "布控", "TriggerTime": at, "CntObjectID": "1", "PersonObject": {"Name": "某人"},
    }  # fmt: skip
    envelope = {"DispositionNotificationListObject": {"DispositionNotificationObject": [hit]}}
    with pair() as (county, ours):
        for _ in range(2):
            status, answer = county.post(ours.url, "/VIID/DispositionNotifications", envelope)
            (said,) = answer["ResponseStatusListObject"]["ResponseStatusObject"]
            assert (status, said["StatusCode"], said["Id"]) == (200, 4, hit["NotificationID"])
            assert "某人" not in str(answer)
        assert ours.subscriptions == {}


def test_v8_it_says_that_it_leaves() -> None:
    with pair() as (county, _):
        assert county.registered == {GATEWAY}
    assert county.registered == set()


def test_v9_what_is_too_long_or_broken_is_answered() -> None:
    with pair({"mode": "subscribe"}) as (county, ours):
        status, answer = county.post(ours.url, "/VIID/Subscribes", b"x" * 300_000)
        assert (status, answer["ResponseStatusObject"]["StatusCode"]) == (413, 8)
        status, answer = county.post(ours.url, "/VIID/Subscribes", b'{"SubscribeListObject": ')
        assert (status, answer["ResponseStatusObject"]["StatusCode"]) == (200, 7)
        broken = {"DispositionNotificationListObject": {"DispositionNotificationObject": [
            {"NotificationID": "1", "FaceObject": {"SubImageList": {"SubImageInfoObject": {"Data": "=*="}}}}
        ]}}  # fmt: skip
        assert county.post(ours.url, "/VIID/DispositionNotifications", broken)[0] == 200
        begin, end = (stamp(datetime.now(UTC) + timedelta(hours=hours)) for hours in (-1, 1))
        told = {"SubscribeListObject": {"SubscribeObject": {
            "SubscribeID": SUBSCRIPTION, "SubscribeDetail": "13", "BeginTime": begin, "EndTime": end, "New": [{}],
            "ReceiveAddr": f"http://127.0.0.1:{county.port}/VIID/SubscribeNotifications",
        }}}  # fmt: skip
        assert county.post(ours.url, "/VIID/Subscribes", told)[0] == 200
        assert list(ours.subscriptions) == [SUBSCRIPTION]
        assert county.post(ours.url, "/VIID/System/Time", b"", method="GET")[1]["SystemTimeObject"]["TimeZone"]

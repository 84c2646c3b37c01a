"""The county's image database (GA/T 1400): session, strictness, answers to order, what it posts."""

from __future__ import annotations

import base64
import copy
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from simulators.county_platform.viid.checks import is_basic_id, is_business_id, is_content_id, jpeg_size
from simulators.county_platform.viid.server import ViidServer
from simulators.county_platform.viid.settings import ViidSettings
from tests.unit.simulators.raw_sip import GATEWAY, PASSWORD, credentials
from tests.unit.simulators.raw_viid import (
    IMAGE,
    INFO,
    JPEG,
    NOTIFICATION,
    ONE,
    PERSON,
    SUBSCRIPTION,
    Client,
)

NOW = datetime(2026, 3, 2, 7, 41, 30, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture
def viid() -> Iterator[ViidServer]:
    with ViidServer(ViidSettings({GATEWAY: PASSWORD}, now=lambda: NOW)) as one:
        yield one


@pytest.fixture
def client(viid: ViidServer) -> Iterator[Client]:
    one = Client(viid.port)
    assert one.register() == 200
    assert viid.violations == []
    yield one
    one.connection.close()


def rules(viid: ViidServer) -> list[str]:
    return [one.rule for one in viid.violations]


def changed(of: Any, *path: Any, to: Any = None) -> Any:
    """Copy an object with one field changed, or without it."""
    new = copy.deepcopy(of)
    inner = new
    for step in path[:-1]:
        inner = inner[step]
    if to is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return new


def test_identifiers_are_those_of_the_tables() -> None:
    assert (len(IMAGE), len(PERSON), len(SUBSCRIPTION)) == (41, 48, 33)
    assert is_basic_id(IMAGE)
    assert is_content_id(PERSON, "01")
    assert is_business_id(SUBSCRIPTION)
    assert not is_basic_id(IMAGE.replace("0302", "0230", 1))
    assert not is_content_id(PERSON, "06")
    assert not is_basic_id(IMAGE[:-1])
    assert not is_business_id(SUBSCRIPTION.replace("20260301", "20261301"))
    assert jpeg_size(base64.b64decode(JPEG)) == (640, 480)


def test_a_session(viid: ViidServer, client: Client) -> None:
    assert viid.registered == {GATEWAY}
    assert client.session("Keepalive") == (200, 0)
    assert viid.keepalives == {GATEWAY: 1}
    told = client.ask("/VIID/System/Time", None, "GET")[1]["SystemTimeObject"]
    assert (told["LocalTime"], len(told["VIIDServerID"])) == ("20260302074130", 20)
    assert client.session("UnRegister") == (200, 0)
    assert viid.registered == set()
    assert client.session("Keepalive") == (200, 4)
    assert viid.violations == []


def test_a_nonce_goes_stale_and_a_bad_password_is_refused(viid: ViidServer, client: Client) -> None:
    path = "/VIID/System/Register"
    told = {"RegisterObject": {"DeviceID": GATEWAY}}
    challenge = client.ask(path, told)[2]["WWW-Authenticate"]
    viid.change_nonce()
    status, _, headers = client.ask(path, told, Authorization=credentials(challenge, path, method="POST"))
    assert (status, "stale=true" in headers["WWW-Authenticate"]) == (401, True)
    again = headers["WWW-Authenticate"]
    assert client.ask(path, told, Authorization=credentials(again, path, method="POST"))[0] == 200
    challenge = client.ask(path, told)[2]["WWW-Authenticate"]
    assert client.ask(path, told, Authorization=credentials(challenge, path, "wrong", method="POST"))[0] == 403
    assert viid.violations == []


@pytest.mark.parametrize(("challenges", "expected"), [("nothing", 200), ("everything", 401)])
def test_some_challenge_nobody_and_some_everybody(challenges: Any, expected: int) -> None:
    with ViidServer(ViidSettings({GATEWAY: PASSWORD}, challenges=challenges)) as viid:
        client = Client(viid.port)
        assert client.ask("/VIID/System/Time", None, "GET")[0] == expected
        assert client.ask("/VIID/System/Register", {"RegisterObject": {"DeviceID": GATEWAY}})[0] == expected
        client.connection.close()


def test_who_is_forgotten_is_told_so(viid: ViidServer, client: Client) -> None:
    viid.forget()
    assert client.session("Keepalive") == (200, 4)
    assert client.ask("/VIID/Persons", {"PersonListObject": {"PersonObject": [ONE]}})[0] == 401
    with ViidServer(ViidSettings({GATEWAY: PASSWORD}, unknown_keepalive="401")) as other:
        stranger = Client(other.port)
        assert stranger.session("Keepalive") == (401, 4)
        stranger.connection.close()


def test_objects_are_stored(viid: ViidServer, client: Client) -> None:
    assert client.post("Persons", "PersonObject", ONE) == [0]
    assert client.post("Images", "Image", {"ImageInfo": INFO, "Data": JPEG}) == [0]
    assert [one["PersonID"] for one in viid.objects("Persons")] == [PERSON]
    assert len(viid.objects("Images")) == 1
    vehicle = {key: value for key, value in ONE.items() if not key.startswith(("Is", "Person"))} | {
        "MotorVehicleID": f"{IMAGE}0200001", "StorageUrl1": "http://127.0.0.1/1.jpg", "VehicleColor": "5",
        "PassTime": "20260302074109", "HasPlate": "1", "PlateClass": "02", "PlateColor": "5", "PlateNo": "皖B12345",
    }  # fmt: skip
    assert client.post("MotorVehicles", "MotorVehicleObject", vehicle) == [0]
    assert viid.violations == []


@pytest.mark.parametrize(
    ("one", "rule", "code"),
    [
        (changed(ONE, "PersonID", to=PERSON[:-1]), "id", 8),
        (changed(ONE, "PersonID", to=PERSON.replace("0100001", "0600001")), "id", 8),
        (changed(ONE, "SourceID", to=IMAGE[:-1] + "2"), "id", 8),
        (changed(ONE, "IsVictim"), "missing-field", 8),
        (changed(ONE, "LeftTopX"), "missing-field", 8),
        (changed(ONE, "IsVictim", to=3), "value", 0),
        (changed(ONE, "DeviceID", to="1"), "id", 8),
        (changed(ONE, "PersonAppearTime", to="2026-03-02 07:41:09"), "moment", 0),
        (changed(ONE, "SubImageList", "SubImageInfoObject", 0, "Width"), "missing-field", 8),
        (changed(ONE, "SubImageList", "SubImageInfoObject", 0, "Width", to=1920), "picture", 0),
        (changed(ONE, "SubImageList", "SubImageInfoObject", 0, "FileFormat", to="Png"), "picture", 0),
        (
            changed(ONE, "SubImageList", "SubImageInfoObject", 0, "Data", to="data:image/jpeg;base64," + JPEG),
            "base64",
            8,
        ),
        (changed(ONE, "SubImageList", "SubImageInfoObject", 0, "Data", to=JPEG[:8] + "\n" + JPEG[8:]), "base64", 8),
        (changed(ONE, "SubImageList", "SubImageInfoObject", 0, "ImageID", to=IMAGE[:-1] + "2"), "source-id", 0),
    ],
)
def test_an_object_that_breaks_a_rule_is_noted(
    viid: ViidServer, client: Client, one: Any, rule: str, code: int
) -> None:
    assert client.post("Persons", "PersonObject", one) == [code]
    assert rule in rules(viid)
    assert len(viid.objects("Persons")) == (code == 0)


def test_an_id_for_something_else_is_noted(viid: ViidServer, client: Client) -> None:
    assert client.post("Persons", "PersonObject", ONE) == [0]
    assert client.post("Persons", "PersonObject", ONE) == [0]
    assert rules(viid) == []
    client.post("Persons", "PersonObject", changed(ONE, "LeftTopX", to=5))
    assert rules(viid) == ["id-reuse"]


@pytest.mark.parametrize(
    ("path", "body", "changes", "rule"),
    [
        ("/VIID/Persons", b"{", {}, "json"),
        ("/VIID/Persons", b"[]", {}, "json"),
        ("/VIID/Persons", b'\xef\xbb\xbf{"PersonListObject":{"PersonObject":[]}}', {}, "charset"),
        ("/VIID/Persons", b'{"PersonObject":[]}', {}, "envelope"),
        (
            "/VIID/Persons",
            b'{"PersonListObject":{"PersonObject":[]}}',
            {"Content_Type": "application/json"},
            "content-type",
        ),
        ("/VIID/Persons", b"{}", {"User_Identify": None}, "user-identify"),
        ("/VIID/Doors", b"{}", {}, "resource"),
        ("/VIID/System/Keepalive", b'{"Keepalive":{"DeviceID":"1"}}', {}, "envelope"),
        ("/VIID/Persons", b'{"PersonListObject":{"PersonObject":[]},"a":"' + b"x" * 4_000_000 + b'"}', {}, "body-size"),
    ],
)
def test_a_request_that_breaks_a_rule_is_noted(
    viid: ViidServer, client: Client, path: str, body: bytes, changes: dict[str, Any], rule: str
) -> None:
    client.ask(path, body, **changes)
    assert rule in rules(viid)


def test_answers_to_order(viid: ViidServer, client: Client) -> None:
    others = [changed(ONE, "PersonID", to=f"{IMAGE}010000{number}") for number in range(1, 4)]
    viid.refuse("Persons", [0, 8])
    assert client.post("Persons", "PersonObject", *others) == [0, 8, 0]
    assert len(viid.objects("Persons")) == 2
    viid.answers.text_codes = True
    viid.answers.content_type = "text/plain"
    status, _, headers = client.ask("/VIID/Persons", {"PersonListObject": {"PersonObject": ONE}})
    assert (status, headers["Content-Type"]) == (200, "text/plain")
    assert client.session("Keepalive") == (200, "0")
    for shape, path in (("single", ["ResponseStatusObject"]), ("bare", [])):
        viid.answers.shape = shape
        told = client.ask("/VIID/Persons", {"PersonListObject": {"PersonObject": [ONE]}})[1]
        for step in path:
            told = told[step]
        assert told["Id"] == PERSON
    viid.answers.shape = "list"
    viid.fail(500, 503)
    assert [client.ask("/VIID/System/Time", None, "GET")[0] for _ in range(3)] == [500, 503, 200]
    assert viid.violations == []


def test_it_subscribes_and_takes_what_comes(viid: ViidServer, client: Client) -> None:
    heard: list[tuple[str, str, Any]] = []

    class Below(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            heard.append((self.command, self.path, body))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_PUT = do_POST  # noqa: N815

        def log_message(self, *_: Any) -> None: ...

    below = HTTPServer(("127.0.0.1", 0), Below)
    thread = threading.Thread(target=below.serve_forever, args=(0.02,))
    thread.start()
    base = f"http://127.0.0.1:{below.server_address[1]}"
    span = {"details": "11,12", "begin": "20260301080000", "end": "20260401080000"}
    note = {
        "NotificationID": NOTIFICATION, "SubscribeID": SUBSCRIPTION, "Title": "person", "TriggerTime": "20260302074109",
        "InfoIDs": PERSON, "PersonObjectList": {"PersonObject": [ONE]},
    }  # fmt: skip
    try:
        assert viid.subscribe(base, SUBSCRIPTION, **span) == (200, {})
        [asked] = heard[0][2]["SubscribeListObject"]["SubscribeObject"]
        assert heard[0][:2] == ("POST", "/VIID/Subscribes")
        assert asked["ReceiveAddr"].endswith(f":{viid.port}/VIID/SubscribeNotifications")
        assert client.post("SubscribeNotifications", "SubscribeNotificationObject", note) == [0]
        assert viid.wait_for(lambda one: one.objects("Persons"), what="a person")[0]["PersonID"] == PERSON
        assert viid.violations == []
        late = note | {"NotificationID": NOTIFICATION[:-1] + "2", "TriggerTime": "20260501080000", "InfoIDs": "x"}
        client.post("SubscribeNotifications", "SubscribeNotificationObject", late)
        assert rules(viid) == ["info-ids", "subscribe-over"]
        assert viid.subscribe(base, SUBSCRIPTION, cancel=True, **span)[0] == 200
        assert heard[1][:2] == ("PUT", f"/VIID/Subscribes/{SUBSCRIPTION}")
        other = note | {"NotificationID": NOTIFICATION[:-1] + "3"}
        client.post(
            "SubscribeNotifications", "SubscribeNotificationObject", other, other | {"SubscribeID": NOTIFICATION}
        )
        assert rules(viid)[2:] == ["subscribe-over", "id-reuse", "subscribe-id"]
    finally:
        below.shutdown()
        thread.join()
        below.server_close()


def test_one_that_has_ended_answers_nobody_on_a_kept_connection() -> None:
    with ViidServer(ViidSettings({GATEWAY: PASSWORD}, now=lambda: NOW)) as viid:
        client = Client(viid.port)
        assert client.register() == 200
        client.connection.auto_open = 0
    with pytest.raises((ConnectionError, HTTPException)):
        client.session("Keepalive")
    client.connection.close()

"""Bulletins: who may make which, what screens show, who is told once, how far it got; nobody's data in them."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pytest

from gateway.model.duty import Duty
from gateway.model.person import Person
from gateway.model.policy import Policy
from gateway.model.registry import Area, Device, Place
from gateway.model.registry import Station as StationRow
from gateway.registering.site import Site, SiteUser
from tests.station import STATION, Station, ladders, wait_for

ELDER, HER_PHONE, NEIGHBOUR = "赵秀兰", "13800000001", "钱大爷"


def site() -> Site:
    return Site(
        station=StationRow(STATION, "测试派出所", "Asia/Shanghai"),
        areas=[
            Area("beat-1", "beat", "一警务区"),
            Area("grid-1", "grid", "东街网格", "beat-1"),
            Area("beat-2", "beat", "二警务区"),
        ],
        places=[
            Place("east", "street", "grid-1", "东街", 33.15, 109.1),
            Place("flat", "flat", "grid-1", "东街1号楼101室", 33.15, 109.1),
            Place("west", "street", "beat-2", "西街", 33.16, 109.12),
        ],
        devices=[
            Device("east-screen", "screen", "east", "东街宣传屏"),
            Device("east-tv", "screen", "east", "东街活动室电视", attributes={"shows": "tv"}),
            Device("east-till", "screen", "east", "东街药店登记终端", attributes={"shows": "nothing"}),
            Device("west-screen", "screen", "west", "西街宣传屏"),
            Device("east-button", "sos_button", "flat", "一键求助"),
        ],
        persons=[
            Person("elder", ELDER, "flat", phone=HER_PHONE),
            Person("neighbour", NEIGHBOUR, "flat", phone="13800000002"),
            Person("silent", "孙没手机", "flat"),
        ],
        users=[
            SiteUser("operator", "值班员", "operator"),
            SiteUser("commander", "指挥长", "commander", "phone-commander"),
            SiteUser("officer", "民警", "officer", "phone-officer", areas=["beat-1"]),
            SiteUser("second", "副班", "officer", "phone-second"),
            SiteUser("gridder", "网格员", "grid_worker", "phone-gridder", areas=["grid-1"]),
            SiteUser("western", "西街民警", "officer", "phone-western", areas=["beat-2"]),
            SiteUser("admin", "管理员", "admin"),
        ],
        duty=[Duty("beat-1", "officer", "second", "commander"), Duty("beat-2", "western", None, "commander")],
        policy=ladders({}),
    )


class Outside:
    """Two parties on the Internet: the provider of texts, and an enterprise's own system."""

    def __init__(self) -> None:
        self.texts: list[dict[str, str]] = []
        self.notices: list[dict[str, Any]] = []
        self.secret = ""
        self.status = 200
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                status, answer = outside.post(self.path, dict(self.headers.items()), body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def post(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if path.startswith("/notices"):
            lower = {name.lower(): value for name, value in headers.items()}
            signed = lower["x-anxin-timestamp"].encode() + b"." + body
            good = "sha256=" + hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
            assert hmac.compare_digest(lower["x-anxin-signature"], good)
            if self.status == 200:
                self.notices.append(json.loads(body))
            return self.status, b""
        told = parse_qs(urlsplit(path).query) | parse_qs(body.decode())
        self.texts.append({name: values[0] for name, values in told.items()})
        return 200, json.dumps(
            {"Code": "OK", "Message": "OK", "RequestId": "1", "BizId": f"b{len(self.texts)}"}
        ).encode()


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    made = Outside()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, outside: Outside) -> Iterator[Station]:
    running = Station(tmp_path_factory.mktemp("bulletins"), site())
    running.settings |= {
        "ANXIN_PRIVATE_ENDPOINTS": "true",
        "ANXIN_ALIYUN_KEY_ID": "key", "ANXIN_ALIYUN_KEY_SECRET": "secret", "ANXIN_ALIYUN_SMS_SIGN": "安心",
        "ANXIN_ALIYUN_SMS_TEMPLATE": "SMS_1", "ANXIN_ALIYUN_SMS_BULLETIN_TEMPLATE": "SMS_2",
        "ANXIN_ALIYUN_SMS_URL": outside.url,
    }  # fmt: skip
    running.policy = Policy(ladders=ladders({}).ladders, join_within_s=0, quiet_hours="")
    try:
        running.start_stores().start_receivers(screens=True).start_gateway().start_api()
        with running.api("officer") as api:
            agreed = api.post("/persons/elder/consent", json={"purpose": "bulletins", "state": "given"})
            assert agreed.is_success, agreed.text
        yield running
    finally:
        running.close()


@pytest.fixture(autouse=True)
def nothing_to_show(town: Station) -> Iterator[None]:
    yield
    with town.api("commander") as api:
        for one in api.get("/bulletins").json()["items"]:
            api.post(f"/bulletins/{one['id']}/withdraw").raise_for_status()
    for screen in ("east-screen", "east-tv", "west-screen"):
        wait_for(lambda screen=screen: shown(town, screen) == [], "the screens to be empty")  # type: ignore[misc]


def tip(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "anti_fraud",
        "title": {"zh": "谨防冒充客服退款诈骗", "en": "Beware of refund fraud"},
        "text": {"zh": "凡要求共享屏幕的“退款”都是诈骗，请拨打 96110。"},
        "areas": ["beat-1"],
        "media": ["screens"],
        "ends_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        **changes,
    }


def issue(town: Station, username: str = "officer", **changes: Any) -> dict[str, Any]:
    with town.api(username) as api:
        answer = api.post("/bulletins", json=tip(**changes))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def shown(town: Station, screen: str) -> list[int]:
    [found] = httpx.get(f"{town.receivers}/screens/shown", params={"screen": screen}).json()["items"]
    return [one["id"] for one in found["bulletins"]]


def standing(town: Station, bulletin: int) -> dict[str, Any]:
    with town.api() as api:
        found: dict[str, Any] = api.get(f"/bulletins/{bulletin}").json()
    return found


# ── screens ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_screen_of_the_area_shows_it_says_so_and_no_other_does(town: Station) -> None:
    made = issue(town)
    assert made["state"] == "showing"
    wait_for(lambda: shown(town, "east-screen") == [made["id"]], "the screen to show it")
    wait_for(
        lambda: standing(town, made["id"])["delivered"] == {"screens": {"shown": 1}},
        "the screen to say that it shows it",
    )
    assert [one["device"] for one in standing(town, made["id"])["screens"]] == ["east-screen"]
    assert shown(town, "east-tv") == []
    assert shown(town, "west-screen") == []


def test_a_screen_that_was_off_shows_what_holds(town: Station) -> None:
    town.kill("receivers")
    made = issue(town)["id"]
    wait_for(lambda: standing(town, made)["delivered"] == {"screens": {"accepted": 1}}, "the broker to have it")
    town.start_receivers(screens=True)
    wait_for(lambda: shown(town, "east-screen") == [made], "the screen to show it")
    wait_for(lambda: standing(town, made)["delivered"] == {"screens": {"shown": 1}}, "the screen to say so")


def test_it_begins_and_ends_by_itself(town: Station) -> None:
    now = datetime.now(UTC)
    made = issue(
        town, starts_at=(now + timedelta(seconds=3)).isoformat(), ends_at=(now + timedelta(seconds=8)).isoformat()
    )
    assert made["state"] == "scheduled"
    assert shown(town, "east-screen") == []
    wait_for(lambda: shown(town, "east-screen") == [made["id"]], "it to begin")
    assert datetime.now(UTC) >= now + timedelta(seconds=3)
    wait_for(lambda: retained(town, "east-screen") == [], "the broker to keep nothing of it")
    assert datetime.now(UTC) >= now + timedelta(seconds=8)
    assert shown(town, "east-screen") == []
    assert standing(town, made["id"])["state"] == "ended"


def retained(town: Station, screen: str) -> list[int]:
    """What the last message to a screen says."""
    [found] = town.rows(
        "select body from notification where recipient = %s order by id desc limit 1", f"screen:{screen}"
    )
    return [one["id"] for one in found["body"]["bulletins"]]


def test_urgent_ones_stand_on_top_then_the_latest_and_one_withdrawn_is_gone(town: Station) -> None:
    first, second = issue(town)["id"], issue(town)["id"]
    urgent = issue(town, "operator", kind="safety", urgent=True)["id"]
    third = issue(town)["id"]
    wait_for(lambda: shown(town, "east-screen") == [urgent, third, second, first], "all of them in order")
    with town.api("officer") as api:
        assert api.post(f"/bulletins/{second}/withdraw").json()["state"] == "withdrawn"
        assert api.post(f"/bulletins/{second}/withdraw").is_success, "twice is once"
    wait_for(lambda: shown(town, "east-screen") == [urgent, third, first], "the withdrawn one to be gone")


def test_televisions_are_a_medium_of_their_own_and_tills_are_none(town: Station) -> None:
    made = issue(town, media=["tvs"])["id"]
    wait_for(lambda: shown(town, "east-tv") == [made], "the television")
    assert shown(town, "east-screen") == []
    assert town.rows("select * from display where device_id = 'east-till'") == []


def test_a_screen_that_moves_into_the_area_shows_it(town: Station) -> None:
    made = issue(town)["id"]
    wait_for(lambda: shown(town, "east-screen") == [made], "the screen to show it")
    with town.api("admin") as api:
        api.patch("/devices/west-screen", json={"place": "east"}).raise_for_status()
        wait_for(lambda: shown(town, "west-screen") == [made], "the screen that has moved")
        api.patch("/devices/west-screen", json={"place": "west"}).raise_for_status()
        wait_for(lambda: shown(town, "west-screen") == [], "it to show it no more")


def test_asked_for_twice_by_one_name_it_is_one(town: Station) -> None:
    first = issue(town, client_id="phone-7-1")["id"]
    assert issue(town, client_id="phone-7-1", areas=["grid-1"])["id"] == first
    assert issue(town, "operator", client_id="phone-7-1")["id"] != first, "somebody else's name is another"
    assert issue(town)["id"] != issue(town)["id"], "without one, each is its own"


def test_a_gateway_that_starts_tells_screens_again(town: Station) -> None:
    """What the one before it had in its memory, or the broker has lost, nobody knows."""
    made = issue(town)["id"]
    wait_for(lambda: shown(town, "east-screen") == [made], "the screen")
    town.kill("gateway")
    told = "select count(*) from notification where recipient = 'screen:east-screen'"
    before = town.one(told)
    town.start_gateway()
    wait_for(lambda: town.one(told) == before + 1, "it to be told again")


def test_a_killed_gateway_takes_it_up_where_it_was(town: Station) -> None:
    town.kill("gateway")
    made = issue(town, media=["screens", "phones", "staff"])["id"]
    before = len(told_of(town, made))
    assert before == 0
    town.start_gateway()
    wait_for(lambda: shown(town, "east-screen") == [made], "the screen")
    wait_for(lambda: len(told_of(town, made)) == 3, "the colleagues' phones")
    town.kill("gateway")
    town.start_gateway()
    wait_for(lambda: standing(town, made)["spread_at"], "it to have been spread")
    assert len(told_of(town, made)) == 3, "nobody twice"


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def told_of(town: Station, bulletin: int) -> list[str]:
    return [one["to"] for one in town.phone_messages() if one["message"].get("bulletin") == bulletin]


def test_colleagues_of_the_area_and_residents_who_agreed_are_told_once(town: Station, outside: Outside) -> None:
    outside.texts.clear()
    with town.api("officer") as api:
        asked = api.post("/bulletins/preview", json=tip(media=["screens", "tvs", "phones", "staff"]))
        assert asked.json() == {"reach": {"screens": 1, "tvs": 1, "phones": 1, "staff": 3}}
    made = issue(town, media=["phones", "staff"])["id"]
    wait_for(
        lambda: sorted(told_of(town, made)) == ["phone-gridder", "phone-officer", "phone-second"], "the colleagues"
    )
    [text] = wait_for(lambda: outside.texts, "the resident's text")
    assert text["PhoneNumbers"] == HER_PHONE
    assert text["TemplateCode"] == "SMS_2"
    assert json.loads(text["TemplateParam"]) == {"kind": "防诈骗提示", "title": "谨防冒充客服退款诈骗"}
    wait_for(
        lambda: standing(town, made)["delivered"] == {"phones": {"accepted": 1}, "staff": {"accepted": 3}}, "the count"
    )
    assert standing(town, made)["spread_at"] is not None


def test_who_withdraws_consent_is_sent_no_more_even_what_waits(town: Station, outside: Outside) -> None:
    outside.texts.clear()
    town.kill("gateway")
    made = issue(town, media=["phones"])["id"]
    person = ("insert into notification (station_id, key, channel, recipient, priority, body, created_at, due_at,"
              " expires_at, purpose, bulletin_id, person_id)"
        " values (%s, %s, 'sms', '', 'P4', '{\"bulletin\": 1}', now(),"
              " now(), now() + interval '1 hour', 'bulletin', %s, 'elder')")  # fmt: skip
    town.execute(person, STATION, f"bulletin:{STATION}:{made}:person:elder", made)
    with town.api("officer") as api:
        api.post("/persons/elder/consent", json={"purpose": "bulletins", "state": "withdrawn"}).raise_for_status()
        try:
            town.start_gateway()
            wait_for(lambda: standing(town, made)["delivered"] == {"phones": {"refused": 1}}, "it to be refused")
            assert outside.texts == []
        finally:
            api.post("/persons/elder/consent", json={"purpose": "bulletins", "state": "given"}).raise_for_status()


def test_quiet_hours_hold_what_is_not_urgent(town: Station) -> None:
    now = datetime.now(UTC) + timedelta(hours=8)
    quiet = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    hours = "update station set policy = jsonb_set(policy, '{quiet_hours}', to_jsonb(%s::text)) where id = %s"
    town.execute(hours, quiet, STATION)
    try:
        waits = issue(town, media=["staff", "phones"])["id"]
        urgent = issue(town, "operator", kind="safety", media=["staff"], urgent=True)["id"]
        wait_for(lambda: len(told_of(town, urgent)) == 3, "the urgent one")
        wait_for(lambda: standing(town, waits)["delivered"].get("phones") == {"queued": 1}, "the other to be made")
        assert told_of(town, waits) == []
    finally:
        town.execute(hours, "", STATION)


# ── enterprises ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_enterprise_is_told_signed_and_told_again_when_it_is_withdrawn(town: Station, outside: Outside) -> None:
    with town.api("commander") as api:
        added = api.post("/enterprises", json={"name": "东街超市", "area": "grid-1", "url": f"{outside.url}/notices"})
        assert added.status_code == 201, added.text
        number, outside.secret = added.json()["id"], added.json()["secret"]
        assert outside.secret not in api.get("/enterprises").text
        assert outside.url not in api.get("/enterprises").text
        with town.api("admin") as admin:
            assert [one["id"] for one in admin.get("/enterprises").json()["items"]] == [number]
        api.post(f"/enterprises/{number}/test").raise_for_status()
        wait_for(lambda: [one for one in outside.notices if one.get("test")], "the test")
        wait_for(lambda: api.get("/enterprises").json()["items"][0]["last"]["state"] == "accepted", "its outcome")
    made = issue(town, kind="notice", media=[], enterprises=[number])["id"]
    [notice] = wait_for(lambda: [one for one in outside.notices if one.get("bulletin") == made], "the notice")
    assert (notice["area"], notice["withdrawn"], notice["title"]["zh"]) == ("一警务区", False, "谨防冒充客服退款诈骗")
    wait_for(lambda: standing(town, made)["delivered"] == {"enterprises": {"accepted": 1}}, "the count")
    with town.api("officer") as api:
        api.post(f"/bulletins/{made}/withdraw").raise_for_status()
    wait_for(
        lambda: [one["withdrawn"] for one in outside.notices if one.get("bulletin") == made] == [False, True],
        "word that it was withdrawn",
    )
    with town.api("commander") as api:
        assert api.delete(f"/enterprises/{number}").status_code == 204
        assert api.get("/enterprises").json()["items"] == []
    with town.api("officer") as api:
        assert api.post("/bulletins", json=tip(media=[], enterprises=[number])).status_code == 404


# ── who may, and what must not be said ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"areas": ["beat-2"]}, 404, "beat-2"),
        ({"areas": ["nowhere"]}, 404, "nowhere"),
        ({"areas": None}, 422, "whole station"),
        ({"areas": []}, 422, "areas"),
        ({"media": []}, 422, "media"),
        ({"media": ["tvs"], "areas": ["grid-1"], "urgent": True}, 403, "desk"),
        ({"enterprises": [404404]}, 404, "404404"),
        ({"kind": "incident_notice"}, 422, "incident"),
        ({"incident": 404404}, 404, "404404"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, 422, "ends_at"),
        ({"ends_at": "2099-01-01T00:00:00Z"}, 422, "90 days"),
        ({"starts_at": "2020-01-01T00:00:00Z"}, 422, "past"),
        ({"ends_at": "2026-12-01T00:00:00"}, 422, "timezone"),
        ({"title": {"zh": "长" * 61}}, 422, "60"),
        ({"title": {"en": "English only"}}, 422, "zh"),
        ({"text": {"zh": "犯罪嫌疑人身份证 61240119600101001X"}}, 422, "identity number"),
        ({"text": {"zh": "身份证 ６１２４０１１９６００１０１００１Ｘ"}}, 422, "identity number"),
        ({"text": {"zh": f"请联系+86{HER_PHONE}"}}, 422, "register"),
        ({"text": {"zh": f"请联系0086-{HER_PHONE}"}}, 422, "register"),
        ({"starts_at": "9999-12-30T00:00:00Z", "ends_at": "9999-12-31T23:59:59Z"}, 422, "starts_at"),
        ({"text": {"zh": f"请联系 {HER_PHONE[:3]} {HER_PHONE[3:7]} {HER_PHONE[7:]}"}}, 422, "register"),
    ],
)
def test_what_cannot_be_is_refused_with_what_it_was(
    town: Station, changes: dict[str, Any], status: int, said: str
) -> None:
    with town.api("officer") as api:
        answer = api.post("/bulletins", json=tip(**changes))
    assert answer.status_code == status, answer.text
    assert said in answer.text


def test_one_that_reaches_nobody_is_refused(town: Station) -> None:
    with town.api("western") as api:
        answer = api.post("/bulletins", json=tip(areas=["beat-2"], media=["tvs"]))
    assert answer.status_code == 422
    assert "nobody" in answer.json()["detail"]


def test_a_number_of_the_police_may_be_said(town: Station) -> None:
    assert issue(town, text={"zh": "社区民警电话 13900001111，反诈专线 96110"})["id"]


def test_an_incident_notice_names_nobody_concerned(town: Station) -> None:
    with town.publisher() as publisher:
        publisher.event("east-button", "alarm.pressed")
    found = wait_for(lambda: town.rows("select id from incident order by id desc limit 1"), "the incident")[0]["id"]
    said = {"kind": "incident_notice", "incident": found, "media": ["screens"]}
    with town.api("officer") as api:
        for name in (ELDER, NEIGHBOUR):
            answer = api.post("/bulletins", json=tip(**said, text={"zh": f"昨日 {name} 家中"}))
            assert answer.status_code == 422, answer.text
            assert name not in answer.text
    assert issue(town, **said, text={"zh": "东街今日有警情，请绕行。"})["incident"] == found


def test_one_sees_what_concerns_ones_areas_and_withdraws_what_is_wholly_within_them(town: Station) -> None:
    east, whole = issue(town)["id"], issue(town, "commander", areas=None)["id"]

    def seen(username: str) -> list[int]:
        with town.api(username) as api:
            return [one["id"] for one in api.get("/bulletins").json()["items"]]

    assert seen("gridder") == [whole, east]
    assert seen("western") == [whole]
    with town.api("western") as api:
        assert api.get(f"/bulletins/{east}").status_code == 404
        assert api.post(f"/bulletins/{east}/withdraw").status_code == 404
        assert api.get(f"/bulletins/{whole}").status_code == 200
        assert api.post(f"/bulletins/{whole}/withdraw").status_code == 404
    with town.api("gridder") as api:
        assert api.post("/bulletins", json=tip()).status_code == 403


def test_acts_are_audited_without_what_was_said(town: Station) -> None:
    made = issue(town)["id"]
    acts = town.rows("select act, detail from audit where object = %s order by id", f"bulletin/{made}")
    assert [one["act"] for one in acts] == ["bulletin.issued"]
    assert "退款" not in json.dumps(acts[0]["detail"], ensure_ascii=False)

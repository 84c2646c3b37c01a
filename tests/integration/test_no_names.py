"""Planted names: whatever happens, nobody's name or number is in a push, a webhook, a metric, a log or a table.

People whose like there is not are planted in the registry, then a case about one of them is played from the alarm to
the closing, with every act that touches their data. Then everything is searched.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import msgspec
import pytest
from psycopg import sql

from gateway.model.person import Person, Relative
from gateway.store.pool import connect
from tests.station import Station, ladders, make_site, now_text, wait_for

#: What must be found nowhere; no machine makes any of these up by itself.
PLANTED = (
    "欧阳测试甲", "13877776661", "330102194001017771", "司徒测试乙", "13977776662", "爱吃测试丙", "诸葛测试丁",
    "13777776663", "330102195001017772", "夏侯测试戊", "上官测试己", "皇甫测试庚", "令狐测试辛",
    # What people write about an incident, on a round and at the desk: headline, text, reporter, reason, note, feedback,
    # outcome; why a trail is asked for; a visit's note; a handover's; why alerts are shelved, why a turn is swapped.
    "公孙测试子", "仲孙测试丑", "轩辕测试寅13677776665", "令狐测试卯", "钟离测试辰", "宇文测试巳", "长孙测试午",
    "鲜于测试未", "闾丘测试申", "司空测试酉", "亓官测试戌", "公冶测试亥",
)  # fmt: skip
NAME, PHONE, IDENTITY, RELATIVE, RELATIVE_PHONE, NOTE, WRITTEN, WRITTEN_PHONE, WRITTEN_ID = PLANTED[:9]
SAID = PLANTED[9:13]
HEADLINE, TEXT, REPORTER, REASON, REMARK, FEEDBACK, OUTCOME, TRAIL, VISIT, HANDOVER, SHELVED, SWAPPED = PLANTED[13:]
#: The station's own people stand in every roster: `user_account.name` is shown to colleagues (docs/privacy.md).
OFFICER = "慕容测试警"
OFFICER_ADDRESS = "phone-of-慕容-13677776664"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """An elder with a whole life in the registry, and an officer with a name."""
    site = make_site(doors=1, elders=2, silence_limit_s=2.0)
    planted = Person(
        "p-1", NAME, "flat-1", {"lives_alone": True, "silence_limit_s": 2.0}, PHONE, IDENTITY,
        [Relative(RELATIVE, "女儿", RELATIVE_PHONE)], f"{NOTE}，腿脚不便",
    )  # fmt: skip
    users = [
        msgspec.structs.replace(one, name=OFFICER, phone=OFFICER_ADDRESS) if one.username == "officer" else one
        for one in site.users
    ]
    site = msgspec.structs.replace(site, persons=[planted, *site.persons[1:]], users=users)
    running = Station(tmp_path_factory.mktemp("town"), site)
    running.settings["ANXIN_LOG_LEVEL"] = "debug"
    running.policy = ladders({"P1": 2, "P2": 2})
    try:
        running.start_all()
        played(running)
        yield running
    finally:
        running.close()


def played(town: Station) -> None:
    """A case about the planted person, with every act that touches data of people."""
    with town.api("officer") as api:

        def standing() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = api.get("/alerts", params={"person": "p-1", "state": "open"}).json()["items"]
            return found

        alert = wait_for(standing, "the alert about them", 60)[0]
        incident = wait_for(lambda: api.get(f"/alerts/{alert['id']}").json()["incidents"], "its incident")[0]
        wait_for(town.phone_messages, "a phone that rings", 60)

        def done(answer: httpx.Response, *statuses: int) -> httpx.Response:
            assert answer.status_code in (statuses or (200, 201, 204)), answer.text
            return answer

        assert NAME in done(api.post("/persons/p-1/reveal", json={"reason": "上门核实", "incident": incident})).text
        done(api.post("/persons/p-1/reveal", json={"reason": f"找{NAME}"}), 422)
        done(api.get("/persons", params={"name": NAME}))
        done(api.get("/persons", params={"phone": PHONE}))
        done(api.post(f"/incidents/{incident}/sign", json={}))
        done(api.post("/persons/p-1/away", json={"until": "2999-01-01T00:00:00Z", "reason": SAID[0]}), 422)
        done(api.post("/persons/p-1/consent", json={"state": "withdrawn", "by": "relative", "note": SAID[1]}))
        done(api.post("/persons/p-1/consent", json={"state": "given", "note": SAID[1]}))
        made = done(api.post("/persons", json={
            "place": "flat-2", "personal": {
                "name": WRITTEN, "phone": WRITTEN_PHONE, "id_number": WRITTEN_ID, "contacts": [{"name": RELATIVE}],
            },
        })).json()["id"]  # fmt: skip
        done(api.patch(f"/persons/{made}", json={"personal": {"note": SAID[2], "name": WRITTEN}}))
        done(api.post(f"/persons/{made}/away", json={"until": None, "reason": SAID[0]}))
        done(api.request("DELETE", f"/persons/{made}", json={"reason": SAID[3]}))
        done(api.patch("/persons/p-1", json={"personal": {"name": NAME, "surname": NAME}}), 422)
        done(api.post("/persons", json={"place": "flat-2", "personal": {"phone": PHONE * 90}}), 422)
        done(api.post(f"/incidents/{incident}/notes", json={"text": f"{REMARK}在场"}))
        done(api.post(f"/incidents/{incident}/trail", json={"reason": f"{TRAIL}报走失"}))
        done(api.post(f"/incidents/{incident}/handle", json={"text": f"{FEEDBACK}已送医"}))
        done(api.post(f"/incidents/{incident}/close", json={"disposition": "real"}))
        visit = {"client_id": "v1", "kind": "visit", "at": now_text(), "person": "p-1", "note": f"见到{VISIT}"}
        done(api.post("/footprints", json={"items": [visit]}))
        assert VISIT in done(api.get("/footprints")).text
    told(town)
    swapped(town)
    with httpx.Client(base_url=f"{town.url}/api/v1") as nobody:  # a password typed where the name goes
        nobody.post("/auth/login", json={"username": SAID[0], "password": "x"})


def told(town: Station) -> None:
    """A dispute somebody reports, and everything that is written about it, up to the handover of the desk."""
    with town.api("operator") as api:

        def done(method: str, path: str, **body: Any) -> dict[str, Any]:
            answer = api.request(method, path, json=body)
            assert answer.status_code in {200, 201}, answer.text
            found: dict[str, Any] = answer.json()
            return found

        incident = done(
            "POST", "/incidents", category="dispute", place="mall", title=f"{HEADLINE}吵架", text=f"{TEXT}动手",
            reporter=REPORTER, dispute={"route": "police", "parties": 2},
        )["id"]  # fmt: skip
        done("PATCH", f"/incidents/{incident}/dispute", outcome="agreed", outcome_text=f"{OUTCOME}赔礼")
        done("POST", f"/incidents/{incident}/dispatch", assignees=["officer"], reason=f"{REASON}认识")
        done("POST", f"/incidents/{incident}/cancel", reason=f"{REASON}撤回")
        done("POST", f"/incidents/{incident}/reopen", reason=f"{REASON}又来")
        hour = now_text(3600)
        shelf = done("POST", "/shelves", rule="door-held", place="mall", until=hour, reason=f"{SHELVED}搬家")
        assert SHELVED in shelf["reason"]
        again = done("POST", "/shelves", subject="device:door-0", until=hour, reason=f"{SHELVED}修门")
        done("POST", f"/shelves/{again['id']}/end")
        assert api.get("/shelves").text.count(SHELVED) == 2, "it is there for who may see it"
        done("POST", "/desk/begin")
        kept = done("POST", "/desk/handover", note=f"{HANDOVER}要回电")
        assert HANDOVER in kept["note"]
        later = api.get(f"/desk/handover/{kept['id']}").json()
        for page in (kept["page"], api.get("/desk/handover").json(), later["page"]):
            assert [one["reason"] for one in page["shelved"]] == [f"{SHELVED}搬家"]
        shown = api.get(f"/incidents/{incident}").text
        assert planted_in(shown) == {HEADLINE, TEXT, REPORTER, REASON, OUTCOME}, "it is there for who may see it"


def swapped(town: Station) -> None:
    """A turn that another one takes, and why; once more, and taken back."""
    shift = {"id": "night", "duty_as": "deputy", "people": ["officer"], "area": "grid-1"}
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date()
    with town.api("commander") as api:
        assert api.put("/duty", json={"area": "grid-1", "shifts": [shift]}).status_code == 200
        made = []
        for day in (tomorrow, tomorrow + timedelta(days=1)):
            swap = {"shift": "night", "day": day.isoformat(), "instead_of": "officer", "by": "deputy"}
            answer = api.post("/duty/swaps", json={**swap, "reason": f"{SWAPPED}结婚"})
            assert answer.status_code == 201, answer.text
            made.append(answer.json()["id"])
        assert api.delete(f"/duty/swaps/{made[1]}").status_code == 204
        assert [one["reason"] for one in api.get("/duty").json()["swaps"]] == [f"{SWAPPED}结婚"]


def planted_in(text: str) -> set[str]:
    return {word for word in (*PLANTED, OFFICER_ADDRESS) if word in text}


def test_no_push_and_no_webhook_names_anybody(town: Station) -> None:
    messages = town.phone_messages()
    assert messages
    # The address is the phone itself: only the provider's own side of the line has it.
    told = msgspec.json.encode([{key: one[key] for key in one if key != "device"} for one in messages]).decode()
    assert {word for word in PLANTED if word in told} == set()
    assert OFFICER not in msgspec.json.encode([one["message"] for one in messages]).decode()
    events = httpx.get(f"{town.receivers}/command-room/events", timeout=10).json()["items"]
    assert events
    assert planted_in(msgspec.json.encode(events).decode()) == set()


def test_no_metric_names_anybody(town: Station) -> None:
    for path in ("/metrics", "/readyz", "/healthz"):
        answer = httpx.get(f"{town.url}{path}", timeout=10)
        assert planted_in(answer.text) == set()
        assert OFFICER not in answer.text


def test_no_log_names_anybody(town: Station) -> None:
    for name in ("gateway", "api"):
        text = (town.home / f"{name}.log").read_text(errors="replace")
        assert text or name == "api", "there is a log to search"
        assert planted_in(text) == set(), name
        assert OFFICER not in text, name


def test_no_column_of_any_table_says_who_somebody_is(town: Station) -> None:
    columns = town.rows(
        "select c.table_name, c.column_name, c.data_type from information_schema.columns c"
        " join information_schema.tables t using (table_schema, table_name)"
        " where c.table_schema = 'public' and t.table_type = 'BASE TABLE'"
    )
    searched = 0
    with connect(town.postgres.url, "search") as connection:
        for column in columns:
            table, name = column["table_name"], column["column_name"]
            # Sealed columns are searched too, as bytes: what is sealed must not be found in them either.
            as_text = "encode({}, 'escape')" if column["data_type"] == "bytea" else "{}::text"
            template = f"select string_agg({as_text}, ' ') from {{}}"  # noqa: S608  # one of two texts above
            query = sql.SQL(template).format(sql.Identifier(name), sql.Identifier(table))  # type: ignore[arg-type]
            row = connection.execute(query).fetchone()
            text = (row[0] if row is not None else None) or ""
            searched += bool(text)
            wanted = [*PLANTED, OFFICER_ADDRESS]
            if column["data_type"] == "bytea":
                wanted += ["".join(f"\\{byte:03o}" for byte in word.encode()) for word in wanted]
            found = {word for word in wanted if word in text}
            assert found == set(), f"{table}.{name}"
            assert OFFICER not in text or (table, name) == ("user_account", "name"), f"{table}.{name}"
    assert searched > 50, "there was something to search"


def test_the_search_finds_what_it_is_to_find(town: Station) -> None:
    """Whoever is planted is there, for those who may see them."""
    with town.api("officer") as api:
        told = api.post("/persons/p-1/reveal", json={"reason": "核对登记信息"}).text
    assert planted_in(told) == {NAME, PHONE, IDENTITY, RELATIVE, RELATIVE_PHONE, NOTE}
    with town.api("auditor") as api:
        trail = str(api.get("/audit", params={"limit": 1000}).json())
    assert SAID[0] in trail, "the auditor reads why"
    assert planted_in(trail) == {SAID[0], SAID[3], TRAIL, SHELVED, SWAPPED}, (
        "and nobody's name but what people wrote themselves"
    )
    with town.api("admin") as api:
        assert planted_in(str(api.get("/audit", params={"limit": 1000}).json())) == set()

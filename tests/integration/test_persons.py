"""Persons over the API: masked, revealed for a reason, written, erased; consent that ends monitoring within seconds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import msgspec
import pytest

from gateway.model.person import Person, Relative
from gateway.model.registry import Area, Device, Place
from gateway.registering.site import SiteUser
from gateway.registering.writing import import_site
from gateway.store.pool import connect
from tests.station import SEALER, Station, ladders, make_site, wait_for

PROBLEM = "application/problem+json"
SILENCE_S = 2.0
NAME, PHONE, IDENTITY = "欧阳测试甲", "13800001234", "330102194001011234"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Two grids with an elder each, and one whose door stands open."""
    site = make_site(doors=1, elders=2, silence_limit_s=SILENCE_S)
    known = Person(
        "p-known", NAME, "far-flat", {"lives_alone": True, "silence_limit_s": 86_400}, PHONE, IDENTITY,
        [Relative("李测试乙", "女儿", "13900005678")], "听力不好",
    )  # fmt: skip
    asked = Person(
        "p-asked", "问过", "asked-flat", {"lives_alone": True, "consent": {"given": "2026-05-01", "by": "self"}}
    )
    refusing = Person("p-no", "不同意", "asked-flat", {"lives_alone": True, "consent": False})
    site = msgspec.structs.replace(
        site,
        areas=[*site.areas, Area("grid-2", "grid", "夜市网格", "beat-1")],
        places=[
            *site.places, Place("far-flat", "flat", "grid-2", "夜市1号楼101室"),
            Place("asked-flat", "flat", "grid-2", "夜市1号楼102室"),
        ],
        devices=[*site.devices, Device("far-contact", "door_contact", "far-flat", "夜市门磁")],
        persons=[*site.persons, known, asked, refusing],
        users=[
            *site.users,
            SiteUser("worker", "网格员", "grid_worker", areas=["grid-1"]),
            SiteUser("far-worker", "夜市网格员", "grid_worker", areas=["grid-2"]),
        ],
    )  # fmt: skip
    running = Station(tmp_path_factory.mktemp("town"), site)
    running.policy = ladders()
    try:
        yield running.start_all()
    finally:
        running.close()


def refused(answer: httpx.Response, status: int) -> str:
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    return str(answer.json()["detail"])


def audited(town: Station, act: str, username: str = "auditor") -> list[dict[str, Any]]:
    with town.api(username) as api:
        items: list[dict[str, Any]] = api.get("/audit", params={"act": act}).json()["items"]
    return items


def alert_of(town: Station, **query: Any) -> dict[str, Any] | None:
    with town.api() as api:
        items = api.get("/alerts", params={"state": "open", **query}).json()["items"]
    return dict(items[0]) if items else None


def care_of(town: Station, person: str) -> dict[str, Any]:
    return dict(town.one("select care from person where id = %s", person))


# ── masked, searched, revealed ───────────────────────────────────────────────────────────────────────────────────────


def test_a_person_is_shown_masked(town: Station) -> None:
    with town.api("far-worker") as api:
        shown = api.get("/persons/p-known")
        assert shown.status_code == 200
        assert NAME not in shown.text
        assert PHONE not in shown.text
        told = shown.json()
        assert (told["name"], told["phone"], told["id_number"]) == ("欧**", "138****1234", "3301**********1234")
        assert told["contacts"] == [{"name": "李**", "relation": "女儿", "phone": "139****5678"}]
        assert (told["has_note"], told["monitored"], told["consent"]) == (True, True, "given")
        listed = api.get("/persons").json()["items"]
    assert [one["id"] for one in listed] == ["p-asked", "p-known", "p-no"]
    assert listed[1] == told


def test_filters_and_pages(town: Station) -> None:
    with town.api("officer") as api:
        everybody = [one["id"] for one in api.get("/persons").json()["items"]]
        assert everybody == sorted(everybody)
        assert {"p-1", "p-2", "p-known"} <= set(everybody)
        first = api.get("/persons", params={"limit": 2}).json()
        assert [one["id"] for one in first["items"]] == everybody[:2]
        rest = api.get("/persons", params={"after": first["next"]}).json()["items"]
        assert [one["id"] for one in rest] == everybody[2:]

        def found(**asked: str) -> set[str]:
            return {one["id"] for one in api.get("/persons", params=asked).json()["items"]}

        assert found(area="grid-2") == {"p-known", "p-asked", "p-no"}
        assert found(place="far-flat") == {"p-known"}
        assert found(care="silence_limit_s") >= {"p-1", "p-2", "p-known"}
        assert found(care="nothing_of_the_sort") == set()


def test_an_exact_name_or_phone_finds_somebody_and_the_search_is_audited_without_it(town: Station) -> None:
    with town.api("officer") as api:
        for asked in ({"name": NAME}, {"name": f" {NAME[:2]} {NAME[2:]}"}, {"phone": "+86 138 0000 1234"}):
            assert [one["id"] for one in api.get("/persons", params=asked).json()["items"]] == ["p-known"]
        assert api.get("/persons", params={"name": NAME[:2]}).json()["items"] == [], "a part of a name finds nobody"
    with town.api("worker") as api:
        assert api.get("/persons", params={"name": NAME}).json()["items"] == [], "nor does a name of another grid"
    lines = audited(town, "person.search")
    assert lines[0]["detail"] == {"by": ["name"], "found": []}
    assert {"by": ["phone"], "found": ["p-known"]} in [line["detail"] for line in lines]
    assert NAME not in str(lines)


def test_a_reveal_says_all_once_and_stands_in_the_trail(town: Station) -> None:
    with town.api("officer") as api:
        answer = api.post("/persons/p-known/reveal", json={"reason": "静默告警，需电话核实"})
        assert answer.status_code == 200, answer.text
        told = answer.json()
    assert (told["name"], told["phone"], told["id_number"], told["note"]) == (NAME, PHONE, IDENTITY, "听力不好")
    line = audited(town, "person.reveal")[0]
    assert (line["username"], line["object"]) == ("officer", "person/p-known")
    assert line["detail"]["fields"] == ["name", "phone", "id_number", "contacts", "note"]
    assert line["detail"]["reason"] == "静默告警，需电话核实"
    assert "reason" not in audited(town, "person.reveal", "admin")[0]["detail"], "an admin looks after accounts"
    kept = town.rows(
        "select detail::text, said_sealed from audit where act = 'person.reveal' order by id desc limit 1"
    )[0]
    assert "核实" not in kept["detail"]
    assert "核实".encode() not in bytes(kept["said_sealed"])


@pytest.mark.parametrize("reason", ["", "看看", "   一  ", "x" * 501, f"找{NAME}", f"打{PHONE}"])
def test_a_reveal_without_a_fit_reason_is_refused_and_reveals_nothing(town: Station, reason: str) -> None:
    with town.api("officer") as api:
        answer = api.post("/persons/p-known/reveal", json={"reason": reason})
    refused(answer, 422)
    assert IDENTITY not in answer.text


@pytest.mark.parametrize("username", ["admin", "auditor"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/persons", None), ("GET", "/persons/p-known", None), ("DELETE", "/persons/p-known", None),
        ("POST", "/persons/p-known/reveal", {"reason": "an honest reason"}), ("GET", "/persons/p-known/consent", None),
        ("POST", "/persons", {"place": "far-flat", "personal": {"name": "新人"}}),
        ("PATCH", "/persons/p-known", {"care": {"floor": 3}}),
        ("POST", "/persons/p-known/consent", {"state": "withdrawn"}),
    ],
)  # fmt: skip
def test_who_looks_after_accounts_or_the_trail_sees_nobody(
    town: Station, username: str, method: str, path: str, body: Any
) -> None:
    with town.api(username) as api:
        refused(api.request(method, path, json=body), 403)


def test_another_grids_person_is_not_there(town: Station) -> None:
    with town.api("worker") as api:
        refused(api.get("/persons/p-known"), 404)
        refused(api.post("/persons/p-known/reveal", json={"reason": "an honest reason"}), 404)
        refused(api.patch("/persons/p-known", json={"care": {"floor": 3}}), 404)
        refused(api.delete("/persons/p-known"), 404)
        refused(api.post("/persons/p-known/consent", json={"state": "withdrawn"}), 404)
        refused(api.patch("/persons/p-1", json={"place": "far-flat"}), 404)
        refused(api.post("/persons", json={"place": "far-flat", "personal": {"name": "新人"}}), 404)
        refused(api.post("/persons/p-1/reveal", json={"reason": "an honest reason", "incident": 404_404}), 404)


# ── written, changed, erased ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_person_is_written_changed_and_erased(town: Station) -> None:
    with town.api("far-worker") as api:
        made = api.post(
            "/persons",
            json={
                "place": "far-flat", "care": {"lives_alone": True},
                "personal": {"name": "新测试人", "phone": "13700009999", "note": "有钥匙在邻居"},
            },
        )  # fmt: skip
        assert made.status_code == 201, made.text
        person = made.json()["id"]
        assert (made.json()["monitored"], made.json()["consent"]) == (False, None), "nobody has agreed yet"
        agreed = api.post(f"/persons/{person}/consent", json={"state": "given", "by": "self", "note": "当面签字"})
        assert (agreed.status_code, agreed.json()["monitored"]) == (201, True)
        changed = api.patch(
            f"/persons/{person}", json={"personal": {"phone": "13700008888"}, "care": {"caregivers": ["card:n"]}}
        ).json()
        assert (changed["phone"], changed["name"]) == ("137****8888", "新**"), "what is not said stays"
        assert changed["care"] == {"lives_alone": True, "caregivers": ["card:n"]}
        assert api.patch(f"/persons/{person}", json={"care": {"caregivers": None}}).json()["care"] == {
            "lives_alone": True
        }
        assert [one["id"] for one in api.get("/persons", params={"phone": "13700008888"}).json()["items"]] == [person]
        register = api.get(f"/persons/{person}/consent").json()["items"]
        assert [(one["state"], one["said_by"], one["note"]) for one in register] == [("given", "self", "当面签字")]
        assert api.request("DELETE", f"/persons/{person}", json={"reason": "迁出"}).status_code == 204
        refused(api.delete(f"/persons/{person}"), 404)
        refused(api.post(f"/persons/{person}/reveal", json={"reason": "an honest reason"}), 404)
        gone = api.get(f"/persons/{person}").json()
        assert (gone["erased"], gone["name"], gone["has_note"], gone["care"]) == (True, "", False, {})
        assert person not in [one["id"] for one in api.get("/persons").json()["items"]]
        assert api.get("/persons", params={"phone": "13700008888"}).json()["items"] == []
    row = town.rows("select * from person where id = %s", person)[0]
    assert (row["name"], row["sealed"], row["name_index"], row["phone_index"]) == (None, None, None, None)
    assert town.one("select count(*) from consent where person_id = %s and note_sealed is not null", person) == 0
    assert [line["act"] for line in audited(town, "person") if line["object"] == f"person/{person}"] == [
        "person.erase", "person.change", "person.change", "person.write",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {"care": {"silence_limit_s": "soon"}}, {"care": {"consent": True}}, {"care": {"away_until": None}}, {},
        {"personal": {"surname": "x"}},
        {"personal": {"name": "\ud800"}}, {"care": {"note": "\0"}}, {"name": "x"},
        {"personal": {"contacts": [{"phone": "1"}]}},
    ],
)  # fmt: skip
def test_a_change_that_cannot_work_is_refused(town: Station, body: dict[str, Any]) -> None:
    with town.api("officer") as api:
        headers = {"Content-Type": "application/json"}
        refused(api.patch("/persons/p-known", content=json.dumps(body), headers=headers), 422)


def test_an_id_that_is_taken(town: Station) -> None:
    with town.api("officer") as api:
        refused(api.post("/persons", json={"id": "p-1", "place": "far-flat", "personal": {"name": "新人"}}), 409)


def test_a_site_file_that_comes_again_brings_nobody_back(town: Station) -> None:
    with town.api("officer") as api:
        assert api.post("/persons/p-asked/consent", json={"state": "withdrawn"}).json()["monitored"] is False
    with connect(town.postgres.url, "test import") as connection:
        import_site(connection, town.site, SEALER)
    assert care_of(town, "p-asked")["consent"] is False, "the file's day is older than the withdrawal"
    later = msgspec.structs.replace(
        town.site,
        persons=[
            Person(
                "p-asked", "问过", "asked-flat", {"lives_alone": True, "consent": {"given": "2999-01-01", "by": "self"}}
            )
        ],
    )
    with connect(town.postgres.url, "test import") as connection:
        import_site(connection, later, SEALER)
    assert "consent" not in care_of(town, "p-asked"), "a later day of the file holds"
    with town.api("officer") as api:
        assert api.delete("/persons/p-asked").status_code == 204
    with connect(town.postgres.url, "test import") as connection:
        import_site(connection, town.site, SEALER)
    assert town.rows("select care, sealed from person where id = 'p-asked'") == [{"care": {}, "sealed": None}]


# ── consent ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_register_says_what_the_site_file_took_as_given(town: Station) -> None:
    with town.api("officer") as api:
        taken = api.get("/persons/p-2/consent").json()["items"]
        refusing = api.get("/persons/p-no").json()
    assert [(one["state"], one["said_by"], one["recorded_by"]) for one in taken] == [
        ("given", "site_file", "site_file")
    ]
    assert (refusing["monitored"], refusing["consent"]) == (False, "withdrawn")


def test_withdrawn_consent_ends_the_standing_alert_and_a_later_silence_alarms_nobody(town: Station) -> None:
    alert = wait_for(
        lambda: (a := alert_of(town, person="p-1", rule="elder-silent")) and a["state"] == "active" and a,
        "the silence alert", 40,
    )  # fmt: skip
    began = datetime.now(UTC)
    with town.api("worker") as api:
        answer = api.post("/persons/p-1/consent", json={"state": "withdrawn", "by": "relative", "note": "女儿来电"})
        assert (answer.status_code, answer.json()["monitored"]) == (201, False)
    cleared = wait_for(
        lambda: (a := alert_of(town, person="p-1", rule="elder-silent")) and a["state"] == "cleared" and a,
        "its end",
        20,
    )
    assert cleared["id"] == alert["id"]
    assert datetime.now(UTC) - began < timedelta(minutes=2), "within minutes, by a wide margin"
    with town.publisher() as devices:  # a sign of life, then silence for longer than the limit
        devices.event("contact-1", "door.opened")
    other = wait_for(lambda: alert_of(town, person="p-2", rule="elder-silent"), "the neighbour's own alert", 40)
    assert other is not None, "the rule goes on for everybody else"
    time_of = (
        "select count(*) from rule_timer where rule_id = 'elder-silent' and subject = 'person:p-1' and due_at < now()"
    )
    wait_for(lambda: town.one(time_of) == 0, "the timers that were due to have fired")
    states = town.rows("select active, ended_at from alert where person_id = 'p-1' and rule_id = 'elder-silent'")
    assert not any(row["active"] for row in states)
    seen = len(states)

    with town.api("worker") as api:
        assert api.post("/persons/p-1/consent", json={"state": "given", "by": "self"}).json()["monitored"] is True
    wait_for(
        lambda: (a := alert_of(town, person="p-1", rule="elder-silent")) and a["state"] == "active" and a,
        "the silence to count again", 40,
    )  # fmt: skip
    assert len(town.rows("select id from alert where person_id = 'p-1' and rule_id = 'elder-silent'")) >= seen
    assert [line["act"] for line in audited(town, "consent") if line["object"] == "person/p-1"] == [
        "consent.given", "consent.withdrawn",
    ]  # fmt: skip


def test_what_rules_saw_at_a_home_ends_too(town: Station) -> None:
    """A door that stands open is an alert about the door; nobody would ever end it once nobody may look."""
    town.change_registry("update place set attributes = '{\"door_open_s\": 1}' where id = 'far-flat'")
    with town.publisher() as devices:
        devices.event("far-contact", "door.opened")
    alert = wait_for(lambda: alert_of(town, rule="elder-door-open"), "the open door", 60)
    with town.api("far-worker") as api:
        assert api.post("/persons/p-known/consent", json={"state": "withdrawn"}).status_code == 201
    wait_for(lambda: alert_of(town, rule="elder-door-open", state="active") is None, "its end", 20)
    assert town.one("select active from alert where id = %s", alert["id"]) is False


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"state": "given", "since": "2999-01-01T00:00:00Z"}, 422),
        ({"state": "given", "since": "2001-01-01T00:00:00Z"}, 409),
        ({"state": "perhaps"}, 422),
        ({"state": "given", "by": "site_file"}, 422),
        ({"state": "given", "purpose": "x"}, 422),
    ],
)  # fmt: skip
def test_consent_that_cannot_be_is_refused(town: Station, body: dict[str, Any], status: int) -> None:
    with town.api("officer") as api:
        refused(api.post("/persons/p-2/consent", json=body), status)


def test_the_register_is_append_only(town: Station) -> None:
    import psycopg  # noqa: PLC0415

    for statement in ("update consent set state = 'given'", "delete from consent", "truncate consent"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            town.execute(statement)


# ── the trail ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_trail_is_filtered_and_reading_it_leaves_its_mark(town: Station) -> None:
    with town.api("officer") as api:
        api.post("/persons/p-2/reveal", json={"reason": "核对登记信息"})
    with town.api("auditor") as api:

        def lines(**asked: str) -> list[dict[str, Any]]:
            items: list[dict[str, Any]] = api.get("/audit", params=asked).json()["items"]
            return items

        assert {line["username"] for line in lines(user="officer")} == {"officer"}
        assert {line["act"] for line in lines(act="person.reveal")} == {"person.reveal"}
        assert {line["act"] for line in lines(act="person")} >= {"person.reveal", "person.search"}
        assert {line["object"] for line in lines(object="person/p-2")} == {"person/p-2"}
        assert lines(since="2999-01-01T00:00:00Z") == []
        assert lines(until="2001-01-01T00:00:00Z") == []
        read = lines(act="audit.read")
        assert read[0]["username"] == "auditor"
        assert read[0]["detail"]["until"].startswith("2001-01-01")
        sheet = api.get("/audit", params={"act": "person.reveal", "format": "csv"})
    assert sheet.headers["content-type"].startswith("text/csv")
    assert sheet.text.splitlines()[0].lstrip("\ufeff") == "id,at,username,act,object,detail"
    assert "核对登记信息" in sheet.text

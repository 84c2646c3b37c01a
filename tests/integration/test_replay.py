"""Dead letters sent on their way again, over the real road: stored at last, heard, or dead again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest

from tests.station import Station, now_text, wait_for

LETTERS = "select * from dead_letter where topic like %s order by id"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    running = Station(tmp_path_factory.mktemp("town"))
    try:
        yield running.start_all()
    finally:
        running.close()


def letters(town: Station, device: str, count: int) -> list[dict[str, Any]]:
    return list(
        wait_for(
            lambda: found if len(found := town.rows(LETTERS, f"%/{device}/%")) == count else None,
            f"{count} letters of {device}",
        )
    )


def add(town: Station, device: str, kind: str, place: str) -> None:
    with town.api("admin") as api:
        body = {"id": device, "kind": kind, "place": place, "name": "新装设备"}
        assert api.post("/devices", json=body).status_code == 201


def replayed(town: Station, reason: str, username: str = "commander") -> dict[str, int]:
    with town.api(username) as api:
        answer = api.post("/dead-letters/replay", json={"reason": reason})
        assert answer.status_code == 202, answer.text
        return dict(answer.json())


def standing(town: Station, device: str, *, sent: bool = False) -> set[int]:
    with town.api() as api:
        answer = api.get("/dead-letters", params={"standing": str(not sent).lower(), "limit": 1000})
        return {one["id"] for one in answer.json()["items"] if f"/{device}/" in one["topic"]}


def test_a_device_that_was_registered_late_is_heard_at_last(town: Station) -> None:
    """Its openings are stored with their own time, its press of an hour ago rings now, its old news is too late."""
    pressed = now_text(-3600)
    with town.publisher() as devices:
        for n in range(5):
            devices.event("late-door", "door.opened", event_id=f"open-{n}", ts=now_text(-60 * n - 60))
        old = devices.event("late-door", "door.opened", ts=(datetime.now(UTC) - timedelta(days=8)).isoformat())
        devices.event("late-button", "alarm.pressed", event_id="press", ts=pressed)
    before = letters(town, "late-door", 6)
    (press,) = letters(town, "late-button", 1)
    assert {one["reason"] for one in [*before, press]} == {"unknown_device"}
    assert town.one("select count(*) from alert where device_id = 'late-button'") == 0, "nobody knew whose press it was"
    add(town, "late-door", "door_controller", "mall")
    add(town, "late-button", "school_button", "school-1")
    told = replayed(town, "unknown_device")
    assert told == {"replayed": 7, "remaining": 0, "not_whole": 0}
    query = "select event_id, ts, received_at from event where device_id = 'late-door' order by event_id"
    stored = wait_for(lambda: found if len(found := town.rows(query)) == 5 else None, "the openings")
    assert [one["event_id"] for one in stored] == [f"open-{n}" for n in range(5)]
    assert all(timedelta(seconds=50) < one["received_at"] - one["ts"] for one in stored), "at their own time"
    (alert,) = wait_for(lambda: town.rows("select * from alert where device_id = 'late-button'"), "the alert")
    assert (alert["priority"], alert["raised_at"]) == ("P1", datetime.fromisoformat(pressed))
    wait_for(lambda: [m for m in town.phone_messages() if m["message"]["incident"]], "the phone")
    (late,) = wait_for(lambda: town.rows("select * from dead_letter where reason = 'too_late'"), "the old news")
    assert old.encode() in bytes(late["payload"])
    assert standing(town, "late-door") == {late["id"]}, "another reason is another letter"
    assert standing(town, "late-door", sent=True) == {one["id"] for one in before}
    for one in town.rows(LETTERS, "%/late-door/%"):
        assert (one["replayed_by"], one["replayed_at"] is not None) == (
            (None, False) if one["reason"] == "too_late" else ("commander", True)
        )
    (line,) = town.rows("select * from audit where act = 'dead_letter.replay' and object = 'dead-letter'")
    assert (line["username"], line["detail"]) == ("commander", {"reason": "unknown_device", "count": 7})
    assert replayed(town, "unknown_device")["replayed"] == 0, "those that went stand no more"
    assert town.one("select count(*) from event where device_id = 'late-door'") == 5


def test_what_fails_again_stands_again(town: Station) -> None:
    with town.publisher() as devices:
        devices.event("never-door", "door.opened")
    (letter,) = letters(town, "never-door", 1)
    with town.api("admin") as api:
        first = api.post(f"/dead-letters/{letter['id']}/replay")
        assert (first.status_code, first.json()["replayed_by"]) == (202, "admin")
        again = wait_for(
            lambda: [one for one in town.rows(LETTERS, "%/never-door/%") if one["seen"] == 2], "the letter that is back"
        )
        (one,) = again
        assert (one["id"], one["replayed_at"], one["replayed_by"]) == (letter["id"], None, None)
        assert standing(town, "never-door") == {letter["id"]}
        assert len(town.rows("select 1 from audit where object = %s", f"dead-letter/{letter['id']}")) == 1
        assert api.post("/dead-letters/404404/replay").status_code == 404


def test_what_is_not_kept_whole_is_refused(town: Station) -> None:
    body = json.dumps({"id": "long", "ts": now_text(), "kind": "door.opened", "data": {"x": "x" * 70_000}}).encode()
    with town.publisher() as devices:
        devices.raw(f"anxin/v1/{town.id}/door-1/event", body)
    (letter,) = wait_for(lambda: town.rows("select * from dead_letter where reason = 'oversized'"), "the letter")
    with town.api("admin") as api:
        answer = api.post(f"/dead-letters/{letter['id']}/replay")
        assert answer.status_code == 422
        assert "65536" in answer.json()["detail"]
        assert replayed(town, "oversized") == {"replayed": 0, "remaining": 0, "not_whole": 1}
    assert town.one("select replayed_at from dead_letter where id = %s", letter["id"]) is None


def test_a_thousand_at_a_time(town: Station) -> None:
    town.execute(
        "insert into dead_letter (station_id, source, topic, reason, detail, payload, sha256, size, received_at,"
        " last_received_at) select %s, 'mqtt', 'nowhere', 'flooded', '', 'x', n::text, 1, now(), now()"
        " from generate_series(1, 1003) n", town.id
    )  # fmt: skip
    assert replayed(town, "flooded") == {"replayed": 1000, "remaining": 3, "not_whole": 0}
    assert replayed(town, "flooded") == {"replayed": 3, "remaining": 0, "not_whole": 0}
    # All of them fail again: of one topic and content they are one letter, of the reason that is true of them.
    wait_for(lambda: town.one("select count(*) from inbox") == 0, "an empty inbox")
    assert town.one("select count(*) from dead_letter where topic = 'nowhere' and reason = 'unknown_topic'") == 1


def test_only_who_mends_it_sends_it_again(town: Station) -> None:
    for username in ("operator", "officer", "auditor"):
        with town.api(username) as api:
            answer: httpx.Response = api.post("/dead-letters/replay", json={"reason": "not_json"})
            assert answer.status_code == 403

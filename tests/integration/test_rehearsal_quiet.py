"""In a rehearsal what is quiet ends as in the live loop: a shelf, a flood with its digest, by the same code."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.clock import VirtualClock
from gateway.rehearse import STRETCH, rehearse
from gateway.settings import Settings
from gateway.store.pool import connect
from tests.integration.test_backfill import NOW, fresh, line, one, rows, server
from tests.integration.test_quiet_ends import DOOR, SECOND, clock, noisy, set_policy, shelve

__all__ = ["clock", "fresh", "noisy", "server"]

MINUTE = timedelta(minutes=1)


def rehearsed(settings: Settings, lasts: timedelta, *lines: bytes) -> list[dict[str, Any]]:
    """Rehearse from now on and return what happened."""
    span = {"since": NOW - MINUTE, "begin": NOW, "until": NOW + lasts}
    first = json.dumps({key: moment.isoformat() for key, moment in span.items()}).encode()
    with connect(settings.database, "rehearsal") as connection:
        return [json.loads(told) for told in rehearse(settings, connection, [first, *lines])]


def calls(happened: list[dict[str, Any]]) -> list[datetime]:
    return [datetime.fromisoformat(told["at"]) for told in happened if told["kind"] == "notification"]


@pytest.mark.parametrize("until_clear", [False, True])
def test_what_was_shelved_is_heard_when_the_shelf_ends(noisy: Settings, clock: VirtualClock, until_clear: bool) -> None:
    shelve(noisy, clock)
    if until_clear:  # the shelf of another condition, which clears
        with connect(noisy.database, "test") as connection:
            connection.execute("update shelf set until_clear = true, subject = 'device:nothing'")
            connection.execute("insert into shelf (station_id, rule_id, place_id, by_user, begins_at, ends_at)"
                               " select station_id, rule_id, (select place_id from device where id = %s), by_user,"
                               " begins_at, begins_at + interval '10 min' from shelf", [DOOR])  # fmt: skip
    happened = rehearsed(noisy, 30 * MINUTE, line(NOW + SECOND, DOOR, "own.noise", "one"))
    heard = [told for told in happened if told["kind"] == "alert"]
    assert [told["body"]["suppressed_by"] for told in heard] == ["shelved", None]
    (moment,) = set(calls(happened))
    assert NOW + 10 * MINUTE <= moment <= NOW + 10 * MINUTE + STRETCH
    if until_clear:
        assert one(noisy, "select ended_by from shelf where until_clear") == "anxin"


def test_a_flood_ends_and_its_digest_is_told(noisy: Settings) -> None:
    set_policy(noisy, flood={"begins_above": 3, "ends_below": 2, "window_s": 600, "digest_every_s": 300})
    doors = [row["id"] for row in rows(noisy, "select id from device where id like 'flat-%%-door' order by id")][:6]
    with connect(noisy.database, "test") as connection:
        connection.execute("update place set parent = null where id not in (select place_id from device)")
        connection.execute(
            "update place set parent = 'mall'"
            " where id in (select place_id from device where id = any(%s)) and id <> 'mall'",
            [doors],
        )
    said = [line(NOW + n * SECOND, door, "own.noise", f"f{n}") for n, door in enumerate(doors, 1)]
    rehearsed(noisy, 60 * MINUTE, *said)
    (flood,) = rows(noisy, "select * from flood")
    assert flood["ended_at"] is not None
    assert NOW + 10 * MINUTE <= flood["ended_at"] <= NOW + 11 * MINUTE
    assert flood["report"]["folded"] > 0
    digests = rows(noisy, "select created_at, body from notification where purpose = 'digest' order by id")
    assert digests, "whoever was called first is told how many more there were"
    assert NOW + 5 * MINUTE <= digests[0]["created_at"] <= NOW + 6 * MINUTE
    assert one(noisy, "select count(*) from digest where closed_at is null") == 0

"""Before a shift: silent tests, and a work item for whoever cannot be reached."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest

from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.model.judgement import Verdict
from gateway.model.registry import Registry
from gateway.registering.site import SiteUser
from gateway.registering.writing import import_site
from gateway.store import registry as registry_store
from gateway.store.migrate import migrate
from gateway.store.pool import connect
from gateway.telling import reach
from gateway.telling.reach import PATIENCE, ShiftCheck
from gateway.telling.receipts import receive
from tests.integration.telling import Town
from tests.station import SEALER, STATION, make_site, postgres_bin

USERS = [
    SiteUser("officer", "民警", "officer", "phone-officer"),
    SiteUser("deputy", "副班", "officer", None, {"sms": "+8613800000001"}),
    SiteUser("commander", "指挥长", "commander"),
]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("shift") / "data", any_free(), bin_directory=postgres_bin())
    server.start()
    try:
        migrate(server.url)
        site = msgspec.structs.replace(make_site(3), users=USERS, duty=[])
        with connect(server.url, "test") as connection:
            import_site(connection, site, SEALER)
        yield Town(server.url)
    finally:
        server.stop()


@pytest.fixture
def begins(monkeypatch: pytest.MonkeyPatch, town: Town) -> datetime:
    """Everybody's shift begins in twenty minutes, says a roster that stands in for the real one."""
    moment = town.clock.now() + timedelta(minutes=20)

    def starting_between(_registry: Registry, since: datetime, until: datetime) -> list[tuple[object, str, datetime]]:
        return [(SimpleNamespace(id="day"), user.username, moment) for user in USERS if since <= moment < until]

    monkeypatch.setattr(reach, "starting_between", starting_between)
    town.execute("truncate notification cascade")
    town.execute("update contact set tested_at = null, reached_at = null")
    return moment


def look(town: Town, check: ShiftCheck, now: datetime) -> list[Verdict]:
    with connect(town.url, "test") as connection:
        return check.look(connection, registry_store.load(connection, STATION), now)


def sent_tests(town: Town) -> list[tuple[str, str]]:
    rows = town.rows("select username, channel, body from notification where purpose = 'test' order by id")
    assert all(row["body"]["silent"] for row in rows)
    return [(row["username"], row["channel"]) for row in rows]


def said(verdicts: list[Verdict]) -> list[tuple[str, str]]:
    assert all((one.rule, one.stream) == ("officer-unreachable", "work_item") for one in verdicts)
    return sorted((one.action, one.subject) for one in verdicts)


def test_whoever_cannot_be_reached_before_a_shift_is_a_work_item(town: Town, begins: datetime) -> None:
    check, now = ShiftCheck(STATION), begins - timedelta(minutes=20)
    assert said(look(town, check, now)) == [("raise", "user:commander")], "no contact at all: nothing to wait for"
    assert sent_tests(town) == [("officer", "phone")], "nobody is texted only to see whether it works"
    assert said(look(town, check, now + PATIENCE / 2)) == [], "the phone has its time"
    assert sent_tests(town) == [("officer", "phone")], "once for each shift"
    assert said(look(town, check, now + PATIENCE)) == [("raise", "user:officer")]
    assert said(look(town, check, now + PATIENCE * 2)) == [], "said once"
    with connect(town.url, "test") as connection:
        number = town.rows("select id from notification")[0]["id"]
        receive(connection, STATION, number, "delivered", at=None, now=now + PATIENCE * 2)
    assert said(look(town, check, now + PATIENCE * 2)) == [("clear", "user:officer")]


def test_a_phone_that_was_reached_today_is_enough(town: Town, begins: datetime) -> None:
    town.execute("update contact set reached_at = %s where channel = 'phone'", begins - timedelta(hours=20))
    check = ShiftCheck(STATION)
    assert said(look(town, check, begins - timedelta(minutes=20))) == [("raise", "user:commander")]
    assert said(look(town, check, begins - timedelta(minutes=5))) == []


def test_after_a_restart_the_same_shift_is_not_tried_again(town: Town, begins: datetime) -> None:
    look(town, ShiftCheck(STATION), begins - timedelta(minutes=20))
    look(town, ShiftCheck(STATION), begins - timedelta(minutes=19))
    assert sent_tests(town) == [("officer", "phone")]


def test_nobody_is_tried_long_before_their_shift(town: Town, begins: datetime) -> None:
    assert look(town, ShiftCheck(STATION), begins - timedelta(minutes=31)) == []
    assert sent_tests(town) == []

"""Whoever calls for help is answered by somebody: sequences after which nobody was called any more, by a set clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg.rows import dict_row

from connectors.native.decode import decode
from gateway.clock import VirtualClock
from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.failpoints import Failpoints
from gateway.incidents import acts, opening
from gateway.incidents.acts import Actor, Asked
from gateway.incidents.earlier import Overtaken
from gateway.incidents.opening import Report
from gateway.model.errors import BadInput, Forbidden
from gateway.model.incident import Incident
from gateway.model.policy import Policy
from gateway.model.ports import Delivery
from gateway.model.registry import Device, Drill
from gateway.model.scope import Scope
from gateway.registering.site import Site
from gateway.registering.writing import import_site
from gateway.road import Road
from gateway.rule_book import definitions_of, open_book
from gateway.settings import Settings, read_settings
from gateway.store import contacts, outbox, upkeep
from gateway.store import registry as registry_store
from gateway.store import road as road_store
from gateway.store.migrate import create_database, migrate
from gateway.store.pool import Pool, connect
from gateway.telling.escalate import escalate
from gateway.telling.fallback import fall_back_all
from gateway.telling.loop import Telling
from gateway.telling.tell import Announcer
from gateway.telling.watch import watch
from tests.station import SEALER, STATION, make_site, postgres_bin

NOW = datetime.now(UTC).replace(microsecond=0)
SOS, SECOND_SOS = "sos-1", "sos-2"
ROLES = {"operator": "operator", "officer": "officer", "deputy": "officer", "commander": "commander"}


def site_of_a_village() -> Site:
    """An elder's flat with two buttons, and the ladders a new station has."""
    site = make_site(1)
    return msgspec.structs.replace(
        site,
        devices=[
            *site.devices,
            Device(SOS, "sos_button", "flat-1", "床头按钮"),
            Device(SECOND_SOS, "sos_button", "flat-1", "卫生间按钮"),
        ],
        policy=Policy(),
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    home = tmp_path_factory.mktemp("heard")
    running = EmbeddedPostgres(home / "postgres" / "data", any_free(), bin_directory=postgres_bin())
    running.start()
    try:
        yield running
    finally:
        running.stop()


class Village:
    """A station whose road, people and ladder move when a test says so."""

    def __init__(self, settings: Settings, road: Road, clock: VirtualClock) -> None:
        self.settings, self.road, self.clock = settings, road, clock
        self.announcer = Announcer(STATION, command_room=False)
        self._said = 0

    def later(self, seconds: float) -> None:
        """Time passes, and nothing else."""
        self.clock.moment += timedelta(seconds=seconds)

    def press(self, device: str = SOS, kind: str = "alarm.pressed") -> dict[str, Any]:
        """A button says something; returns the newest incident."""
        self._said += 1
        now = self.clock.moment
        body = {"id": f"press-{self._said}", "ts": now.isoformat(), "kind": kind, "data": {}}
        self.road.travel([Delivery("test", f"anxin/v1/{STATION}/{device}/alarm", msgspec.json.encode(body), now)])
        return self.rows("select * from incident order by id desc limit 1")[0]

    def actor(self, username: str) -> Actor:
        """Somebody, now, within the whole station."""
        return Actor(username, ROLES[username], Scope(STATION), self.clock.moment)

    def act(self, username: str, incident: int, act: str, **told: Any) -> Incident:
        """Somebody does something to an incident."""
        with connect(self.settings.database, "test act") as connection:
            return acts.move_incident(
                connection, self.announcer, SEALER, self.actor(username), incident, Asked(act, **told)
            )

    def report(self, username: str, **told: Any) -> int:
        """Somebody opens an incident by hand."""
        with connect(self.settings.database, "test report") as connection:
            incident, _ = opening.open_by_hand(connection, self.announcer, SEALER, self.actor(username), Report(**told))
        return incident.id

    def climb(self) -> None:
        """Climb what is due, and look whether a ladder stands still."""
        with connect(self.settings.database, "test climb") as connection:
            escalate(connection, STATION, self.announcer, self.clock.moment)
        with connect(self.settings.database, "test watch") as connection:
            watch(connection, STATION, self.clock.moment)

    def watch(self) -> None:
        """The gateway's own look for ladders that stand still, as the first thing it does after it was away."""
        pool = Pool(self.settings.database, "test watch", size=2)
        pool.open()
        try:
            telling = Telling(STATION, pool, [], self.clock, self.announcer, Failpoints(""), SEALER, say=lambda _: None)
            telling._watch_now()
        finally:
            pool.close()

    def fall_back(self, *running: str) -> None:
        """Look for whom nothing has reached, with these channels."""
        pool = Pool(self.settings.database, "test fallback", size=2)
        pool.open()
        try:
            fall_back_all(pool, STATION, self.announcer, running, (), self.clock.moment)
        finally:
            pool.close()

    def called_since(self, moment: datetime) -> set[str]:
        """Whose phones were told something from a moment on."""
        found = self.rows("select distinct username from notification where created_at >= %s", moment)
        return {row["username"] for row in found} - {None}

    def waits(self, incident: int) -> bool:
        """Whether a ladder is being climbed."""
        return bool(self.rows("select 1 from rung where incident_id = %s and state = 'waiting'", incident))

    def remove(self, device: str) -> None:
        """A device is taken out of the registry, and the road hears of it."""
        self.execute("delete from device where id = %s", device)
        self.reload()

    def reload(self) -> None:
        """The registry has changed, and the road hears of it."""
        self.execute("update station set registry_version = registry_version + 1")
        self.road.reload_registry()

    def state(self, incident: int) -> str:
        """How far an incident has come."""
        return str(self.rows("select state from incident where id = %s", incident)[0]["state"])

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """What the database says."""
        with psycopg.connect(self.settings.database, row_factory=dict_row) as connection:
            return connection.execute(query, parameters).fetchall()  # type: ignore[arg-type]

    def execute(self, statement: str, *parameters: object) -> None:
        """Change the database behind everybody's back."""
        with psycopg.connect(self.settings.database) as connection:
            connection.execute(statement, parameters)  # type: ignore[arg-type]


@contextmanager
def lived_in(settings: Settings) -> Iterator[Village]:
    clock = VirtualClock(NOW)
    with connect(settings.database, "test road") as connection:
        assert road_store.hold(connection, settings.station)
        upkeep.make_partitions(connection, NOW - timedelta(days=9), NOW + timedelta(days=9))
        book = open_book(connection, settings, definitions_of(settings), clock.now())
        connection.commit()
        road = Road(settings, clock, connection, book, decode, Announcer(STATION, command_room=False))
        road.start_subjects()
        yield Village(settings, road, clock)


@pytest.fixture
def village(server: EmbeddedPostgres, request: pytest.FixtureRequest) -> Iterator[Village]:
    name = f"t{abs(hash(request.node.name)) % 10**9}"
    url = server.url.rsplit("/", 1)[0] + f"/{name}"
    create_database(server.url, name)
    migrate(url)
    with connect(url, "test import") as connection:
        import_site(connection, site_of_a_village(), SEALER)
    with lived_in(read_settings(database_url=url, station=STATION)) as living:
        yield living


def test_what_somebody_reported_is_not_cancelled_because_a_device_takes_its_word_back(village: Village) -> None:
    incident = village.report("operator", category="distress", text="有人摔倒", place="flat-1")
    assert village.press()["id"] == incident, "it joins"
    village.later(5)
    village.remove(SOS)
    assert village.rows("select retracted from alert") == [{"retracted": True}]
    assert (village.state(incident), village.waits(incident)) == ("new", True)
    with pytest.raises(Forbidden, match="colleague"):
        village.act("operator", incident, "cancel", reason="按错了")
    assert village.act("commander", incident, "cancel", reason="按错了").state == "cancelled"


def test_nor_when_it_was_merged_into_what_the_device_said(village: Village) -> None:
    reported = village.report("operator", category="fire", text="冒烟", place="flat-1")
    incident = village.press()["id"]
    assert incident != reported
    village.act("commander", reported, "merge", into=incident)
    village.later(5)
    village.remove(SOS)
    assert (village.state(incident), village.waits(incident)) == ("new", True)
    with pytest.raises(BadInput, match="disposition"):
        village.act("operator", incident, "cancel", reason="设备已拆")


def left(village: Village, incident: int) -> None:
    """The officer signs, looks and goes again; nobody in the command room has touched it."""
    village.later(60)
    village.act("officer", incident, "sign")
    village.later(240)
    village.act("officer", incident, "handle", text="一切正常")


@pytest.mark.parametrize(("device", "after_s"), [(SOS, 60), (SOS, 1200), (SECOND_SOS, 60)])
def test_who_presses_again_when_the_officer_has_left_is_answered_anew(
    village: Village, device: str, after_s: float
) -> None:
    incident = village.press()["id"]
    left(village, incident)
    village.later(after_s)
    moment = village.clock.moment
    assert village.press(device)["id"] == incident
    assert village.called_since(moment) == {"officer", "deputy"}
    assert (village.state(incident), village.waits(incident)) == ("reopened", True)
    village.later(120)
    village.climb()
    assert "commander" in village.called_since(moment), "it climbs until somebody signs"
    village.act("officer", incident, "sign")
    assert not village.waits(incident)
    assert village.act("deputy", incident, "assist").assignees == ["officer", "deputy"]


def test_a_press_after_a_drill_that_somebody_signed_is_answered_anew(village: Village) -> None:
    with connect(village.settings.database, "test drill") as connection:
        drill = Drill(SOS, NOW - timedelta(minutes=1), NOW + timedelta(minutes=5), "quarterly")
        assert registry_store.announce_drill(connection, Scope(STATION), drill, by="admin")
    village.reload()
    incident = village.press()
    assert incident["drill"]
    village.later(30)
    village.act("officer", incident["id"], "sign")
    village.later(300)
    moment = village.clock.moment
    real = village.press()
    assert (real["id"], real["drill"], real["state"]) == (incident["id"], False, "reopened")
    assert village.called_since(moment) == {"officer", "deputy"}
    assert village.waits(real["id"])


def test_more_of_the_same_while_somebody_is_on_the_way_keeps_them_on_it(village: Village) -> None:
    incident = village.press()["id"]
    village.later(60)
    village.act("officer", incident, "sign")
    village.later(60)
    moment = village.clock.moment
    village.press(SECOND_SOS)
    assert village.called_since(moment) == {"officer", "deputy"}
    assert (village.state(incident), village.waits(incident)) == ("signed", False)


def new_officer(village: Village) -> None:
    """Everybody who was called has left the station; somebody new is on duty."""
    village.execute("update user_account set disabled_at = now() where username <> 'operator'")
    village.execute(
        "insert into user_account (username, station_id, name, role, password_hash) "
        "values ('newcomer', %s, '新民警', 'officer', 'x')", STATION,
    )  # fmt: skip
    village.execute(
        "insert into contact (station_id, username, channel, address_sealed, address_index, label) "
        "select station_id, 'newcomer', channel, address_sealed, address_index, '' from contact limit 1"
    )
    village.reload()


def test_when_all_who_were_to_be_called_have_left_those_who_are_there_are_called(village: Village) -> None:
    incident = village.press()["id"]
    new_officer(village)
    village.later(30)
    moment = village.clock.moment
    village.climb()
    assert village.called_since(moment) == {"newcomer"}
    village.later(1)
    moment = village.clock.moment
    village.press(SECOND_SOS)
    assert village.called_since(moment) == {"newcomer"}, "also when it rings again"
    village.later(29)
    village.act("operator", incident, "close", disposition="real")
    village.later(1)
    moment = village.clock.moment
    village.act("operator", incident, "reopen", reason="又响了")
    assert village.called_since(moment) == {"newcomer"}, "and when it is opened again"


def test_as_long_as_one_of_them_can_be_reached_nobody_else_is_called(village: Village) -> None:
    village.press()
    village.execute("update user_account set disabled_at = now() where username = 'officer'")
    village.reload()
    village.later(30)
    moment = village.clock.moment
    village.climb()
    assert village.called_since(moment) == {"deputy"}


def test_a_gateway_that_was_away_climbs_on_and_does_not_begin_from_the_foot(village: Village) -> None:
    incident = village.press()["id"]
    moment = village.clock.moment
    for _ in range(3):  # it comes up, looks, and is gone again for longer than a ladder may stand still
        village.later(100)
        village.watch()
    acts_done = {row["act"] for row in village.rows("select act from incident_step where incident_id = %s", incident)}
    assert "ladder_restarted" not in acts_done
    assert "commander" in village.called_since(moment)


def test_a_clock_that_is_put_back_stops_no_ladder(village: Village) -> None:
    """A machine without a battery starts tomorrow; a press comes; then the time is set right."""
    village.later(86_400)
    incident = village.press()["id"]
    village.later(-86_400 + 10)
    village.climb()
    moment = village.clock.moment
    assert village.rows("select 1 from incident_step where incident_id = %s and act = 'ladder_restarted'", incident)
    village.later(120)
    village.climb()
    village.climb()
    restarted = "select count(*) as times from incident_step where incident_id = %s and act = 'ladder_restarted'"
    assert village.rows(restarted, incident) == [{"times": 1}], "once is enough"
    found = village.rows(
        "select username from notification where (body ->> 'rung')::int > 0 and created_at > %s", moment
    )
    assert {row["username"] for row in found} >= {"officer", "deputy", "commander"}


def test_what_nobody_signed_is_not_merged_away_where_nobody_is_on_it(village: Village) -> None:
    handled = village.report("operator", category="dispute", text="争吵", place="flat-1")
    left(village, handled)
    signed = village.report("operator", category="fire", text="冒烟", place="flat-1")
    village.act("operator", signed, "sign")
    incident = village.press()["id"]
    for into in (handled, signed):
        with pytest.raises(BadInput, match="sign this one first"):
            village.act("operator", incident, "merge", into=into)
    assert (village.state(incident), village.waits(incident)) == ("new", True)
    village.act("operator", handled, "merge", into=incident)
    assert village.waits(incident), "the other way round it is called for as before"


def test_whoever_is_on_it_is_told_of_what_is_merged_into_it(village: Village) -> None:
    signed = village.report("operator", category="fire", text="冒烟", place="flat-1")
    village.act("officer", signed, "sign")
    incident = village.press()["id"]
    village.later(5)
    moment = village.clock.moment
    village.act("operator", incident, "merge", into=signed)
    assert village.called_since(moment) == {"officer"}


def test_a_ladder_that_is_climbed_is_not_merged_into_one_that_has_ended(village: Village) -> None:
    expired = village.report("operator", category="fire", text="冒烟", place="flat-1")
    village.later(601)
    village.climb()
    assert not village.waits(expired)
    incident = village.press()["id"]
    village.later(5)
    moment = village.clock.moment
    village.act("operator", incident, "merge", into=expired)
    assert village.called_since(moment) == {"officer", "deputy"}
    assert village.waits(expired)


def test_a_press_under_an_id_that_was_used_before_is_heard(village: Village) -> None:
    """A button whose counter begins at 1 again with each new battery."""
    first = village.press()["id"]
    village.act("officer", first, "sign")
    village.act("officer", first, "close", disposition="real")
    village.later(3600)
    village._said = 0
    moment = village.clock.moment
    incident = village.press()
    assert [row["reason"] for row in village.rows("select reason from dead_letter")] == ["id_reused"]
    assert (incident["priority"], incident["place_id"]) == ("P1", "flat-1")
    assert village.called_since(moment) == {"officer", "deputy"}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"id": "1", "ts": "2026-11-23T08:00:00", "kind": "alarm.pressed"}', "schema"),
        (b"{id: 1, kind: alarm.pressed}", "not_json"),
        (b'{"ts": "2026-11-23T08:00:00+08:00", "kind": "pressed", "data": {}}', "schema"),
    ],
)
def test_a_button_that_nobody_understands_is_heard(village: Village, payload: bytes, reason: str) -> None:
    """Its clock names no offset, its firmware writes no JSON: somebody has pressed it all the same."""
    begun = village.clock.moment
    topic = f"anxin/v1/{STATION}/{SOS}/alarm"
    village.road.travel([Delivery("test", topic, payload, begun)])
    [letter] = village.rows("select reason from dead_letter")
    assert letter["reason"] == reason
    [alert] = village.rows("select * from alert")
    assert (alert["priority"], alert["device_id"], alert["place_id"]) == ("P1", SOS, "flat-1")
    assert village.called_since(begun)


@pytest.mark.parametrize(
    "topic",
    [f"anxin/v1/{STATION}/nobody/alarm", f"anxin/v1/{STATION}/{SOS}/event", f"anxin/v1/other/{SOS}/alarm", "alarm"],
)
def test_what_is_no_alarm_of_a_device_we_know_is_a_dead_letter_only(village: Village, topic: str) -> None:
    village.road.travel([Delivery("test", topic, b"{junk", village.clock.moment)])
    assert len(village.rows("select 1 from dead_letter")) == 1
    assert village.rows("select 1 from alert") == []


@pytest.mark.parametrize(("button", "line"), [(SECOND_SOS, "joined"), (SOS, "sounded_again")])
def test_whoever_ends_it_has_to_have_heard_what_came_since(village: Village, button: str, line: str) -> None:
    incident = village.press()["id"]
    seen = village.act("officer", incident, "sign").version
    village.later(700)
    village.press(button)
    for act, told in (("close", {"disposition": "real"}), ("handle", {"text": "有人在家"})):
        with pytest.raises(Overtaken, match=line):
            village.act("officer", incident, act, version=seen, **told)
    moved = village.act("officer", incident, "depart", version=seen)
    assert moved.state == "departed", "whoever goes there is right to"
    assert village.act("officer", incident, "close", disposition="real", version=moved.version).state == "closed"


def test_a_press_where_only_a_desk_has_signed_is_answered_anew(village: Village) -> None:
    incident = village.press()["id"]
    village.act("operator", incident, "sign")
    village.later(300)
    village.press(SECOND_SOS)
    assert village.state(incident) == "reopened"
    assert village.waits(incident)


def test_whoever_is_on_it_and_is_not_reached_by_a_second_call_is_tried_on_another_way(village: Village) -> None:
    with connect(village.settings.database, "test contact") as connection:
        contacts.put(connection, STATION, "officer", "sms", address_sealed=b"x", address_index=b"x")
    village.reload()
    incident = village.press()["id"]
    village.act("officer", incident, "sign")
    village.later(60)
    begun = village.clock.moment
    village.press(SECOND_SOS)
    assert village.state(incident) == "signed", "the officer is on the way"
    village.execute(
        "update notification set state = 'refused', receipt_by = created_at"
        " where created_at >= %s and username = 'officer' and channel = 'phone'", begun,
    )  # fmt: skip
    village.later(1)
    village.fall_back("phone", "sms")
    ways = village.rows(
        "select channel from notification where created_at >= %s and username = 'officer' order by id", begun
    )
    assert [row["channel"] for row in ways] == ["phone", "sms"]


def test_whoever_is_disabled_is_sent_nothing_that_waits_and_tried_on_no_other_way(village: Village) -> None:
    village.press()
    village.execute("update user_account set disabled_at = now() where username = 'officer'")
    now = village.clock.moment
    with connect(village.settings.database, "test lease") as connection:
        leased = outbox.lease(connection, STATION, "phone", now, now + timedelta(seconds=30), 10, ["P1"])
        assert {one.username: one.address_sealed is not None for one in leased} == {"officer": False, "deputy": True}
        assert contacts.active_of(connection, STATION, "officer") == []


def test_a_ladder_without_rungs_calls_those_a_new_station_calls(village: Village) -> None:
    village.execute("""update station set policy = '{"ladders": [{"priority": "P1", "rungs": []}]}'""")
    village.reload()
    moment = village.clock.moment
    village.press()
    assert village.called_since(moment) == {"officer", "deputy"}


def colleague(village: Village) -> None:
    """Somebody of the station whom the ladder of a P2 does not call."""
    village.execute(
        "insert into user_account (username, station_id, name, role, password_hash) "
        "values ('colleague', %s, '同事', 'officer', 'x')", STATION,
    )  # fmt: skip
    village.execute(
        "insert into contact (station_id, username, channel, address_sealed, address_index, label) "
        "select station_id, 'colleague', 'phone', address_sealed, address_index, '' from contact limit 1"
    )
    village.reload()


def test_when_nobody_of_a_ladder_can_be_reached_the_others_of_the_station_are_called(village: Village) -> None:
    """All whom it calls are on a channel that was switched off, and it would end in an hour."""
    village.execute("update contact set channel = 'wecom'")
    colleague(village)
    incident = village.report("operator", category="care", text="没有人应门", place="flat-1")
    for _ in range(6):
        village.later(1)
        village.fall_back("phone")
        village.climb()
    calls = "select created_at from notification where incident_id = %s and username = 'colleague'"
    assert len(village.rows(calls, incident)) == 1, "once"
    assert village.waits(incident), "and it ends as loudly as before"


def test_when_all_who_are_called_decline_the_others_of_the_station_are_called(village: Village) -> None:
    colleague(village)
    incident = village.report("operator", category="care", text="没有人应门", place="flat-1")
    for username in ("officer", "deputy", "commander"):
        village.act(username, incident, "decline")
        village.climb()
    assert "colleague" not in village.called_since(NOW), "the rungs are climbed first"
    village.later(1)
    moment = village.clock.moment
    village.act("officer", incident, "decline")
    assert village.called_since(moment) == {"colleague"}


def test_a_ladder_that_cannot_be_read_silences_no_other(village: Village) -> None:
    broken = village.report("operator", category="fire", text="冒烟", place="mall")
    incident = village.press()["id"]
    village.execute("update incident set ladder = '[1, 2]' where id = %s", broken)
    village.later(30)
    with connect(village.settings.database, "test climb") as connection:
        assert escalate(connection, STATION, village.announcer, village.clock.moment) == 1
    climbed = "select incident_id from rung where number = 1 and state = 'climbed'"
    assert village.rows(climbed) == [{"incident_id": incident}]
    village.later(90)
    with connect(village.settings.database, "test watch") as connection:
        said = watch(connection, STATION, village.clock.moment)
    assert f"incident:{broken}" in {one.subject for one in said}, "and people hear that this one stands still"

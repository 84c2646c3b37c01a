"""Backtests on a real PostgreSQL: what a road lived through is what a backtest says, and nothing live is touched."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.native.decode import decode
from gateway import backtest_job, register
from gateway import road as road_module
from gateway.backfill import backfill
from gateway.backtest import replayed
from gateway.batch import Batch
from gateway.clock import VirtualClock
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.incidents.acts import Actor
from gateway.model.errors import BadInput, Conflict, Forbidden, NotFound
from gateway.model.ports import Delivery
from gateway.model.scope import Scope
from gateway.own_alerts import TEXTS
from gateway.past import Past
from gateway.registering.reading import read_site
from gateway.registering.writing import import_site
from gateway.road import Road
from gateway.rule_book import definitions_of, open_book, words
from gateway.settings import Settings
from gateway.stops.judge import judge
from gateway.store import backtests, rule_versions, upkeep
from gateway.store import road as road_store
from gateway.store.pool import connect, snapshot
from gateway.telling.tell import Announcer
from rules.backtest import Span, Spans
from rules.definition import Definition
from tests.integration.test_backfill import NOW, SITE, at, line, one, rows, said, server, station_on
from tests.station import SEALER

__all__ = ["server"]

DAYS = 3
#: The first thing that happens, on the dot: the station begins to live then.
BEGIN = NOW - timedelta(days=DAYS, minutes=1)
BEFORE_ALL = line(BEGIN, "school-1-button", "device.tamper", "first")
ELDER, QUIET_FOR = "flat-1-101", timedelta(hours=30)
EVERYTHING = "table "
TABLES = ("event", "alert", "rule_state", "rule_timer", "device_health", "notification", "incident", "registry_change")


@pytest.fixture(scope="module")
def three_days() -> list[bytes]:
    """The small town's last three days, with an elder who falls silent, and a button that somebody presses."""
    told = subprocess.run(
        [
            sys.executable, "-m", "simulators", "history", "--site", SITE, "--seed", "7",
            "--from", (NOW - timedelta(days=DAYS)).isoformat(), "--to", NOW.isoformat(),
        ],
        check=True, capture_output=True,
    ).stdout.splitlines()  # fmt: skip
    quiet = NOW - QUIET_FOR
    kept = [one for one in told if b'"at"' in one]
    lines = [one for one in kept if not (ELDER.encode() in one and b"/event" in one and at(one) > quiet)]
    for number in range(12):
        moment = BEGIN + timedelta(hours=5 * number + 1, seconds=7)
        lines.append(line(moment, "school-1-button", "alarm.pressed", f"press-{number}"))
        # Each is over before the next: what people do at this door meanwhile changes nothing of that.
        for minutes, kind in ((3, "door.forced"), (4, "door.closed")):
            lines.append(line(moment + timedelta(minutes=minutes), "jeweller-door", kind, f"{kind}-{number}"))
    return [BEFORE_ALL, *sorted(lines, key=at)]


@pytest.fixture(scope="module")
def lived(server: EmbeddedPostgres, three_days: list[bytes]) -> Settings:
    """A station that has lived through it in history mode."""
    settings = station_on(server, "lived_history")
    backfill(settings, VirtualClock(NOW), three_days, lambda _: None)
    return settings


def replayed_spans(settings: Settings, since: datetime = BEGIN, until: datetime = NOW) -> list[Span]:
    """What a backtest of every rule that runs says, in one pass."""
    with connect(settings.database, "test") as connection:
        book = open_book(connection, settings, definitions_of(settings), NOW)
        connection.rollback()
    with connect(settings.database, "test") as connection, snapshot(connection):
        late = timedelta(days=settings.store_late_days)
        return replayed(connection, settings.station, [list(book)], since, until, late)[1][0]


def told(spans: list[Span]) -> list[tuple[Any, ...]]:
    """What spans say; of those that stand, how often they were seen goes on changing."""
    return sorted(
        (
            s.rule, s.subject, s.raised_at, s.last_event_at, s.cleared_at or NOW, s.retracted,
            s.seen if s.cleared_at is not None else 0, s.place or "",
        )
        for s in spans
    )  # fmt: skip


ALERTS = """
    select rule_id, subject, raised_at, last_event_at, coalesce(cleared_at, %s), retracted,
        case when cleared_at is not null then seen else 0 end, coalesce(place_id, '') from alert
"""


# ── live equals backtest ────────────────────────────────────────────────────────────────────────────────


def test_what_a_road_raised_in_history_mode_a_backtest_says(lived: Settings) -> None:
    with connect(lived.database, "test") as connection:
        alerts = sorted(row for row in connection.execute(ALERTS, (NOW,)).fetchall() if row[0] not in TEXTS)
    spans = replayed_spans(lived)
    assert {span.rule for span in spans} >= {"school-one-touch-alarm", "door-forced", "elder-silent"}
    assert told(spans) == alerts


class Live:
    """A road driven by the clock, in batches of its own, with people changing the registry on the way."""

    def __init__(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings = settings
        self.clock = VirtualClock(BEGIN)
        self.spans = Spans(BEGIN)

        @wraps(judge)
        def overheard(batch: Batch, road: Road) -> None:
            judge(batch, road)
            for verdict in batch.verdicts:
                self.spans(verdict, batch.now)

        stops = tuple(overheard if stop is judge else stop for stop in road_module.STOPS)
        monkeypatch.setattr(road_module, "STOPS", stops)

    def through(self, lines: list[bytes], changes: dict[datetime, Any], dice: random.Random) -> None:
        settings = self.settings
        with connect(settings.database, "live") as connection:
            assert road_store.hold(connection, settings.station)
            upkeep.make_partitions(connection, NOW - timedelta(days=DAYS + 2), NOW + timedelta(days=1))
            book = open_book(connection, settings, definitions_of(settings), self.clock.now())
            connection.commit()
            self.road = Road(
                settings, self.clock, connection, book, decode, Announcer(settings.station, command_room=False)
            )
            self.road.start_subjects()
            coming = sorted(changes.items())
            batch: list[Delivery] = []
            most = dice.randint(1, 9)
            for told in lines:
                delivery = _delivery(told)
                while coming and coming[0][0] <= delivery.received_at:
                    self._travel(batch)
                    batch, (moment, change) = [], coming.pop(0)
                    self._until(moment)
                    change(settings, moment)
                    self.road.reload_registry()
                due = self.road._next_due  # a live batch spans milliseconds: no timer falls due within
                spans_a_timer = due is not None and due <= delivery.received_at
                too_long = bool(batch) and delivery.received_at - batch[0].received_at > timedelta(seconds=5)
                if len(batch) >= most or spans_a_timer or too_long:
                    self._travel(batch)
                    batch, most = [], dice.randint(1, 9)
                self._until(delivery.received_at - timedelta(microseconds=1))
                batch.append(delivery)
            self._travel(batch)
            self._until(NOW - timedelta(microseconds=1))

    def _travel(self, batch: list[Delivery]) -> None:
        if batch:
            self.clock.moment = max(self.clock.moment, batch[-1].received_at)
            self.road.travel(batch)

    def _until(self, moment: datetime) -> None:
        while self.road.fire_timers(moment):
            pass
        self.clock.moment = max(self.clock.moment, moment)


def _delivery(told: bytes) -> Delivery:
    read = json.loads(told)
    payload = told[told.index(b'"payload":') + 10 : -1]
    retained = bool(read.get("retained"))
    if retained:
        payload = json.dumps(read["payload"], separators=(",", ":"), ensure_ascii=False).encode()
    return Delivery("history", read["topic"], payload, at(told).astimezone(UTC), retained=retained)


def _away(settings: Settings, moment: datetime) -> None:
    actor = Actor("operator", "operator", Scope(settings.station), moment)
    with connect(settings.database, "test") as connection:
        register.mark_away(connection, SEALER, actor, "p-001", moment + timedelta(hours=9), "with her daughter")


def _moved(settings: Settings, _moment: datetime) -> None:
    """The contact of one flat is hung elsewhere: what it says from now on is not its first resident's life."""
    site = read_site(SITE)
    devices = [
        msgspec.structs.replace(device, place="school-1") if device.id == f"{ELDER}-door" else device
        for device in site.devices
    ]
    with connect(settings.database, "test") as connection:
        import_site(connection, msgspec.structs.replace(site, devices=devices), SEALER)


@pytest.mark.parametrize("seed", [1, 2])
def test_live_equals_backtest_with_the_registry_changing_on_the_way(
    server: EmbeddedPostgres, three_days: list[bytes], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    settings = station_on(server, f"live_{seed}")
    live = Live(settings, monkeypatch)
    changes = {NOW - timedelta(hours=16): _away, NOW - timedelta(hours=40): _moved}
    live.through(three_days, changes, random.Random(seed))
    lived = told(live.spans.gathered(lambda _: None))
    assert one(settings, "select count(*) from event") == said(three_days)
    assert one(settings, "select count(*) from registry_change where at is not null") >= 2
    again = told(replayed_spans(settings))
    assert {row[0] for row in again} >= {"school-one-touch-alarm", "door-forced", "elder-silent"}
    assert again == lived


def test_a_stretch_that_begins_later_says_of_itself_what_the_whole_says(lived: Settings) -> None:
    since = BEGIN + timedelta(days=1, hours=7)
    whole = [span for span in replayed_spans(lived) if span.heard_at >= since]
    part = replayed_spans(lived, since)
    assert told([span for span in part if not span.before]) == told(whole)


def test_what_was_known_of_devices_is_read_from_before_the_stretch(lived: Settings) -> None:
    """As the road learnt it: when each was heard, and who was there."""
    with connect(lived.database, "test") as connection:
        heard, online = road_store.load_health(connection, lived.station)
        past = Past(connection, lived.station, NOW, NOW + timedelta(hours=1), timedelta(days=7)).health()
    assert past.online == online
    written = timedelta(seconds=15)  # the road writes no more often
    for device, moment in past.last_heard.items():
        assert timedelta() <= moment - heard[device] <= written, device


# ── the job ─────────────────────────────────────────────────────────────────────────────────────────────

COMMANDER = Actor("commander", "commander", Scope("chengguan"), NOW)


def asked(settings: Settings, rule: str = "door-forced", by: Actor = COMMANDER, **more: Any) -> int:
    with connect(settings.database, "test") as connection:
        return backtest_job.begin(
            connection, settings, by, rule, more.pop("since", NOW - timedelta(days=2)), more.pop("until", NOW), **more
        )


def kept(settings: Settings, rule: str, backtest: int) -> dict[str, Any]:
    with connect(settings.database, "test") as connection:
        found = backtests.get(connection, settings.station, rule, backtest)
    assert found is not None
    return found


def forced_twice(settings: Settings) -> Definition:
    """The same rule with other words: raises for one grid only."""
    (definition,) = [one for one in definitions_of(settings) if one.id == "door-forced"]
    when = definition.when.model_copy(update={"where": {"area": "nowhere"}})
    return definition.model_copy(update={"when": when})


def test_a_job_keeps_its_report_tells_how_far_it_is_and_touches_nothing(lived: Settings) -> None:
    before = {table: rows(lived, EVERYTHING + table) for table in TABLES}
    number = asked(lived)
    shares: list[float] = []
    report = backtest_job.run(lived, number, lambda events, count, _: shares.append(events / count))
    assert (shares[0], shares[-1]) == (0, 1)
    found = kept(lived, "door-forced", number)
    assert (found["state"], found["progress"], found["report"]) == ("done", 1, json.loads(json.dumps(report)))
    assert report["tally"]["raised"] == len(report["spans"]) > 2
    assert report["spans"][0]["explanation"]["summary"]["zh"]
    assert report["precision"] is None
    assert report["floods"]["alone"]["floods"] == []
    assert report["floods"]["with_others"]["alerts"] > report["floods"]["alone"]["alerts"]
    assert {table: rows(lived, EVERYTHING + table) for table in TABLES} == before
    digest = rows(lived, "select digest from rule_version where rule_id = 'door-forced' and active")[0]["digest"]
    with connect(lived.database, "test") as connection:
        assert rule_versions.was_tried(connection, lived.station, number, "door-forced", digest)


def test_a_candidate_is_compared_with_what_runs(lived: Settings) -> None:
    number = asked(lived, definition=forced_twice(lived), against_running=True)
    report = backtest_job.run(lived, number)
    compared = report["compared"]
    assert (report["version"], compared["version"]) == (2, 1), "the number it would get"
    assert report["tally"]["raised"] == compared["both"] == compared["only_candidate"] == 0
    assert compared["only_running"] == compared["running"]["raised"] > 2
    assert compared["first_only_running"][0]["subject"].startswith("device:")
    same = backtest_job.run(lived, asked(lived, against_running=True))["compared"]
    assert (same["only_candidate"], same["only_running"]) == (0, 0)


def test_a_rule_that_judges_alerts_hears_those_of_the_others(lived: Settings) -> None:
    (model,) = [one for one in definitions_of(lived) if one.id == "card-alerts-many-grids"]
    definition = model.model_copy(
        update={
            "id": "forced-anywhere",
            "subject": "place",
            "when": model.when.model_copy(update={"where": {"data.rule": "door-forced"}}),
            "params": {"limit": 1, "window_s": 60, "clear_after_s": 60},
        }
    )
    report = backtest_job.run(lived, asked(lived, "forced-anywhere", definition=definition))
    assert report["tally"]["raised"] > 2


def test_precision_rests_on_what_people_said(lived: Settings) -> None:
    closing = """
        with closed as (
            insert into incident (
                station_id, state, priority, title, opened_at, changed_at, ladder, disposition, closed_at)
            select a.station_id, 'closed', 'P2', '{}', a.raised_at, now(), '[]', %s, now() from alert a where a.id = %s
            returning id)
        insert into incident_alert select id, %s from closed
    """
    alerts = [row["id"] for row in rows(lived, "select id from alert where rule_id = 'door-forced' order by id desc")]
    with connect(lived.database, "test") as connection:
        for alert, disposition in zip(alerts, ["real", "real", "false_sensor", "nuisance"], strict=False):
            connection.execute(closing, (disposition, alert, alert))
        connection.commit()
    precision = backtest_job.run(lived, asked(lived))["precision"]
    assert (precision["real"], precision["false"], precision["rests_on"]) == (2, 1, 3)
    assert precision["value"] == pytest.approx(2 / 3, abs=1e-3)
    spared = backtest_job.run(lived, asked(lived, definition=forced_twice(lived)))["precision"]
    assert (spared["value"], spared["missed_real"], spared["spared_false"]) == (None, 2, 1)


def test_a_rule_that_throws_is_a_failed_backtest_that_says_why(
    lived: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rules.kinds.instant import Instant  # noqa: PLC0415
    from rules.replay import RuleFailed  # noqa: PLC0415

    def throws(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Instant, "on_event", throws)
    number = asked(lived)
    with pytest.raises(RuleFailed, match="door-forced"):
        backtest_job.run(lived, number)
    found = kept(lived, "door-forced", number)
    assert found["state"] == "failed"
    assert "ZeroDivisionError" in found["detail"]


def test_one_at_a_time_and_one_that_says_nothing_any_more_is_dead(lived: Settings) -> None:
    number = asked(lived)
    with pytest.raises(Conflict, match=f"backtest {number} of door-forced runs"):
        asked(lived, "sos-button")
    with connect(lived.database, "test") as connection:
        connection.execute("update backtest set touched_at = now() - interval '1 min' where id = %s", (number,))
    found = kept(lived, "door-forced", number)
    assert (found["state"], found["detail"]) == ("failed", backtests.ENDED)
    after = asked(lived, "sos-button")
    backtest_job.run(lived, after)


def test_two_who_ask_at_once_do_not_both_begin(lived: Settings) -> None:
    began: list[int] = []
    refused: list[str] = []

    def ask() -> None:
        try:
            began.append(asked(lived))
        except Conflict as error:
            refused.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(began), len(refused)) == (1, 5)
    backtest_job.run(lived, began[0])


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ({"since": NOW, "until": NOW}, BadInput, "ends before"),
        ({"until": NOW + timedelta(hours=1)}, BadInput, "still to come"),
        ({"version": 99}, NotFound, "no version 99"),
        ({"rule": "nobody-knows"}, NotFound, "nobody-knows"),
        ({"by": Actor("o", "operator", Scope("chengguan"), NOW)}, Forbidden, "commander"),
        ({"by": Actor("c", "commander", Scope("chengguan", ("grid-1",)), NOW)}, Forbidden, "whole station"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    lived: Settings, wrong: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        asked(lived, **wrong)


def test_a_definition_of_another_rule_is_refused(lived: Settings) -> None:
    with pytest.raises(BadInput, match="not of"):
        asked(lived, "sos-button", definition=forced_twice(lived))
    with pytest.raises(BadInput, match="priority"):
        backtest_job.parse({**words(forced_twice(lived)), "priority": "P4"}, "door-forced")


def test_the_command_prints_what_decides_and_keeps_it(lived: Settings, tmp_path: Path) -> None:
    environment = {
        "PATH": "/usr/bin:/bin",
        "ANXIN_HOME": str(tmp_path),
        "ANXIN_DATABASE_URL": lived.database,
        "ANXIN_STATION": lived.station,
    }
    command = [sys.executable, "-m", "gateway.cli", "backtest", "door-forced", "--from", BEGIN.isoformat()]
    command += ["--to", NOW.isoformat(), "--against", "running"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    for part in ("would have been raised", "per grid", "per hour", "only by this one", "kept as backtest"):
        assert part in ended.stdout
    assert "/s" in ended.stderr
    as_json = subprocess.run([*command, "--json"], env=environment, capture_output=True, timeout=120, check=True)
    report = json.loads(as_json.stdout)
    assert kept(lived, "door-forced", report["id"])["report"]["tally"] == report["tally"]
    assert kept(lived, "door-forced", report["id"])["asked_by"] == "command line"
    wrong = subprocess.run([*command[:4], "nobody-knows"], env=environment, capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "nobody-knows" in wrong.stderr

"""What is quiet on the road, why, and that it is heard as soon as the reason is over: by a clock set by hand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from gateway.clock import VirtualClock
from gateway.incidents.acts import Actor
from gateway.model.quiet import Matcher
from gateway.model.scope import Scope
from gateway.settings import Settings
from gateway.store import figures
from gateway.store.pool import connect
from gateway.suppressing import shelving
from gateway.suppressing.digest import digest
from gateway.telling.tell import Announcer
from tests.integration.test_backfill import BUTTON, NOW, fresh, line, one, rows, server
from tests.integration.test_handover import driving, fill, say
from tests.station import SEALER

__all__ = ["fresh", "server"]

RULES = Path(__file__).parents[1] / "rules_flood"
DOOR, OTHER = "flat-1-101-door", "flat-1-102-door"
SECOND = timedelta(seconds=1)
ALERT = "select * from alert where rule_id = 'own-noise' order by id desc limit 1"
CALLS = "select count(*) from notification where channel = 'phone' and purpose = 'incident'"


@pytest.fixture
def noisy(fresh: Settings) -> Settings:
    """A station with rules of its own, where each alert is an incident of its own."""
    set_policy(fresh)
    return fresh.model_copy(update={"rules_folders": [RULES]})


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


class Saying:
    """Events of made-up kinds, each with an id of its own."""

    def __init__(self, road: Any, clock: VirtualClock) -> None:
        self.road, self.clock, self.count = road, clock, 0

    def __call__(self, after_s: float, kind: str, device: str = DOOR) -> None:
        self.count += 1
        say(self.road, self.clock, self.clock.moment + after_s * SECOND, device, kind, f"q{self.count}-{NOW:%f}")

    def wait(self, seconds: float) -> int:
        self.clock.moment += seconds * SECOND
        return int(self.road.end_quiet())


def set_policy(settings: Settings, **policy: Any) -> None:
    with connect(settings.database, "test") as connection:
        connection.execute(
            "update station set policy = %s, registry_version = registry_version + 1",
            [Jsonb({"join_within_s": 0, **policy})],
        )


def act(settings: Settings, clock: VirtualClock, who: str, work: Any, *told: Any, **more: Any) -> Any:
    actor = Actor(who, "operator" if who == "operator" else "commander", Scope(settings.station), clock.now())
    with connect(settings.database, "test") as connection:
        return work(connection, Announcer(settings.station, command_room=False), actor, *told, **more)


def shelve(settings: Settings, clock: VirtualClock, length_s: float = 600, **more: Any) -> Any:
    matcher = more.pop("matcher", Matcher("own-noise", f"device:{DOOR}"))
    until = clock.now() + length_s * SECOND

    def work(connection: Any, announcer: Announcer, actor: Actor, **told: Any) -> Any:
        return shelving.shelve(connection, announcer, SEALER, actor, matcher, **told)

    return act(settings, clock, "operator", work, until=until, reason="works next door", **more)


def test_what_was_shelved_is_heard_when_the_shelf_ends_and_it_still_stands(
    noisy: Settings, clock: VirtualClock
) -> None:
    with driving(noisy, clock) as road:
        told = Saying(road, clock)
        shelve(noisy, clock)
        told(1, "own.noise")
        (alert,) = rows(noisy, ALERT)
        assert (alert["suppressed_by"], alert["sounded"], alert["last_sounded_at"]) == ("shelved", 0, None)
        assert alert["shelved_until"] == NOW + 600 * SECOND
        assert one(noisy, CALLS) == 0
        assert told.wait(300) == 0
        assert told.wait(300) == 1
        (alert,) = rows(noisy, ALERT)
        assert (alert["suppressed_by"], alert["sounded"], alert["shelved_until"]) == (None, 1, None)
        assert one(noisy, CALLS) == 1
        assert told.wait(5) == 0, "once"
        assert road.counts["suppressed_shelved"] == 1
    reasons = [row["reason"] for row in rows(noisy, "select reason from sounding order by id")]
    assert reasons == ["shelved", None]


def test_more_evidence_while_it_is_quiet_is_counted_once(noisy: Settings, clock: VirtualClock) -> None:
    with driving(noisy, clock) as road:
        told = Saying(road, clock)
        shelve(noisy, clock, 3600)
        for _ in range(10):
            told(5, "own.noise")
        assert road.counts["suppressed_shelved"] == 1
        told(600, "own.noise")
        assert road.counts["suppressed_shelved"] == 2, "ten minutes later it would have sounded again"
    assert one(noisy, "select seen from alert where rule_id = 'own-noise'") == 11
    assert one(noisy, CALLS) == 0


def test_what_has_cleared_or_was_acknowledged_stays_quiet(noisy: Settings, clock: VirtualClock) -> None:
    with driving(noisy, clock) as road:
        told = Saying(road, clock)
        shelve(noisy, clock, matcher=Matcher("own-noise"))
        told(1, "own.noise")
        told(1, "own.noise", OTHER)
        told(1, "own.noise_over")
        with connect(noisy.database, "test") as connection:
            connection.execute("update alert set acknowledged_at = now(), acknowledged_by = 'o' where active")
        assert told.wait(700) == 0
    assert one(noisy, CALLS) == 0


def test_a_shelf_until_it_clears_ends_then(noisy: Settings, clock: VirtualClock) -> None:
    with driving(noisy, clock) as road:
        told = Saying(road, clock)
        told(1, "own.noise")
        made = shelve(noisy, clock, 3600, until_clear=True)
        assert rows(noisy, ALERT)[0]["shelved_until"] == made.ends_at
        told.wait(5)
        assert one(noisy, "select ended_at from shelf") is None
        told(1, "own.noise_over")
        told.wait(1)
        assert one(noisy, "select ended_by from shelf") == "anxin"
        assert rows(noisy, ALERT)[0]["shelved_until"] is None


def test_a_p1_is_heard_until_a_second_person_agrees(noisy: Settings, clock: VirtualClock) -> None:
    with driving(noisy, clock) as road:
        made = shelve(noisy, clock, matcher=Matcher("school-one-touch-alarm"))
        say(road, clock, clock.moment + SECOND, BUTTON, "alarm.pressed", "p1")
        assert one(noisy, CALLS) > 0
        with connect(noisy.database, "test") as connection:
            connection.execute("update alert set ended_at = now(), active = false, latched = false")
        act(noisy, clock, "commander", shelving.agree, made.id)
        before = one(noisy, CALLS)
        say(road, clock, clock.moment + SECOND, BUTTON, "alarm.pressed", "p2")
        assert one(noisy, CALLS) == before
        act(noisy, clock, "operator", shelving.end, made.id)
        assert road.end_quiet() == 1
        assert one(noisy, CALLS) > before


def test_a_quieter_rule_is_heard_when_the_louder_alert_is_over(noisy: Settings, clock: VirtualClock) -> None:
    with driving(noisy, clock) as road:
        noise = road.book.rules["own-noise"]
        noise.definition = noise.definition.model_copy(update={"inhibited_by": ("own-stall",)})
        told = Saying(road, clock)
        told(1, "own.stall")
        told(1, "own.noise")
        assert rows(noisy, ALERT)[0]["suppressed_by"] == "own-stall"
        assert told.wait(5) == 0
        told(1, "own.stall_over")
        assert told.wait(1) == 1
        assert rows(noisy, ALERT)[0]["suppressed_by"] is None


def test_chatter_is_quiet_until_calm_and_an_item_names_the_source(noisy: Settings, clock: VirtualClock) -> None:
    with driving(noisy, clock) as road:
        told = Saying(road, clock)
        for _ in range(3):
            with connect(noisy.database, "test") as connection:  # each is over before the next: short alerts
                connection.execute("update alert set ended_at = now() where rule_id = 'own-noise' and not active")
            told(5, "own.noise")
            if told.count < 5:
                told(5, "own.noise_over")
        assert [row["suppressed_by"] for row in rows(noisy, "select * from alert order by id")] == [
            None,
            None,
            "chatter",
        ]
        assert one(noisy, CALLS) == 2
        assert told.wait(1) == 0
        (item,) = rows(noisy, "select * from alert where rule_id = 'chattering'")
        assert (item["stream"], item["subject"], item["ended_at"]) == (
            "work_item",
            f"alert:own-noise/device:{DOOR}",
            None,
        )
    with driving(noisy, clock) as road:  # a restart forgets nothing
        told = Saying(road, clock)
        assert told.wait(300) == 0
        assert told.wait(300) == 1
        assert one(noisy, CALLS) == 3
    assert one(noisy, "select ended_at is not null from alert where rule_id = 'chattering'")


def test_a_p1_that_chatters_is_heard(noisy: Settings, clock: VirtualClock) -> None:
    with driving(noisy, clock) as road:
        for number in range(4):
            say(road, clock, clock.moment + SECOND, BUTTON, "alarm.pressed", f"p{number}")
            say(road, clock, clock.moment + SECOND, BUTTON, "alarm.reset", f"r{number}")
            with connect(noisy.database, "test") as connection:
                connection.execute("update alert set ended_at = now() where rule_id = 'school-one-touch-alarm'")
        road.end_quiet()
    assert one(noisy, "select count(*) from alert where suppressed_by = 'chatter'") == 0
    assert one(noisy, "select count(*) from incident") == 4
    assert one(noisy, "select count(*) from alert where rule_id = 'chattering'") == 1


def test_a_holiday_is_quiet_by_the_places_attribute_and_ends(noisy: Settings, clock: VirtualClock) -> None:
    today = (NOW + timedelta(hours=8)).date()
    with connect(noisy.database, "test") as connection:
        connection.execute(
            "update place set attributes = %s where id = (select place_id from device where id = %s)",
            [Jsonb({"closed": [[str(today), str(today)]]}), DOOR],
        )
        connection.execute("update station set registry_version = registry_version + 1")
    with driving(noisy, clock) as road:
        told = Saying(road, clock)
        told(1, "device.tamper")
        assert one(noisy, "select suppressed_by from alert") == "closed"
        assert told.wait(86_400) == 1
        assert one(noisy, "select suppressed_by from alert") is None


def test_a_silent_device_behind_a_gateway_that_is_gone_is_explained(noisy: Settings, clock: VirtualClock) -> None:
    with connect(noisy.database, "test") as connection:
        connection.execute(
            "insert into device (station_id, id, kind, place_id, name)"
            " select station_id, 'gw', 'gateway', place_id, 'g' from device where id = %s",
            [DOOR],
        )
        connection.execute("update device set via = 'gw' where id = %s", [DOOR])
    with driving(noisy, clock) as road:
        road.health._online["gw"] = False
        road.start_subjects()
        clock.moment = NOW + timedelta(days=4)
        rule = road.book.rules["device-offline"]
        from gateway.model.judgement import Explanation, Verdict  # noqa: PLC0415

        road.say([
            Verdict(
                "raise", rule.id, f"device:{DOOR}", clock.now(), Explanation(rule.id, 1, {"zh": "", "en": ""}, {}),
                priority="P4", stream="work_item", device=DOOR,
            )
        ])  # fmt: skip
    assert one(noisy, f"select suppressed_by from alert where subject = 'device:{DOOR}'") == "parent"  # noqa: S608


def test_nothing_of_this_in_history(noisy: Settings) -> None:
    fill(noisy, [line(NOW - timedelta(minutes=200 - n), DOOR, "own.noise", f"h{n}") for n in range(20)])
    assert one(noisy, "select count(*) from flood") == 0
    assert one(noisy, "select count(*) from flapping") == 0
    assert one(noisy, CALLS) == 0


def folded(settings: Settings) -> list[dict[str, Any]]:
    return rows(settings, "select rule_id, count, told_count, closed_at from digest order by rule_id")


def test_a_flood_goes_on_after_a_restart_and_ends_with_a_report_and_one_digest(
    noisy: Settings, clock: VirtualClock
) -> None:
    set_policy(noisy, flood={"begins_above": 3, "ends_below": 2, "window_s": 600, "digest_every_s": 300})
    doors = [row["id"] for row in rows(noisy, "select id from device where id like 'flat-%%-door' order by id")][:8]
    with connect(noisy.database, "test") as connection:
        connection.execute("update place set parent = null where id not in (select place_id from device)")
        connection.execute(
            "update place set parent = 'mall'"
            " where id in (select place_id from device where id = any(%s)) and id <> 'mall'",
            [doors],
        )
    announcer = Announcer(noisy.station, command_room=False)
    with driving(noisy, clock) as road:
        told = Saying(road, clock)
        for door in doors[:5]:
            told(1, "own.noise", door)
        assert one(noisy, "select count(*) from flood where ended_at is null") == 1
        assert [row["count"] for row in folded(noisy)] == [2], "the fourth began it: it and the fifth fold"
    with driving(noisy, clock) as road:
        told = Saying(road, clock)
        for door in doors[5:]:
            told(1, "own.noise", door)
        told(1, "own.stall", doors[0])
        say(road, clock, clock.moment + SECOND, BUTTON, "alarm.pressed", "in-between")
        assert [row["count"] for row in folded(noisy)] == [5]
        assert one(noisy, CALLS + " and priority = 'P1'") > 0
        assert one(noisy, "select count(distinct incident_id) from notification where priority = 'P3'") == 4
        with connect(noisy.database, "test") as connection:
            assert digest(connection, noisy.station, announcer, clock.now()) == 0, "not yet due"
            assert digest(connection, noisy.station, announcer, clock.now() + timedelta(seconds=300)) == 1
            assert digest(connection, noisy.station, announcer, clock.now() + timedelta(seconds=900)) == 0, (
                "nothing new"
            )
        clock.moment += timedelta(seconds=900)
        assert road.end_quiet() == 0, "what was folded is told by the digest"
        (flood,) = rows(noisy, "select * from flood")
        assert flood["ended_at"] == clock.moment
        assert (flood["report"]["count"], flood["report"]["folded"], flood["report"]["p1"]) == (10, 5, 1)
        with connect(noisy.database, "test") as connection:
            digest(connection, noisy.station, announcer, clock.now())
        assert [(row["count"], row["told_count"], row["closed_at"] is None) for row in folded(noisy)] == [(5, 5, False)]
        calls = one(noisy, CALLS)
        told(60, "own.noise", doors[4])
        assert one(noisy, CALLS) == calls, "the digest told of it a minute ago"
        told(600, "own.noise", doors[4])
        assert one(noisy, CALLS) == calls + 1, "and long ago"
    (message,) = rows(noisy, "select body from notification where purpose = 'digest'")
    assert message["body"]["title"]["zh"] == "P3 噪音 × 5"
    with connect(noisy.database, "test") as connection:
        day = (connection, Scope(noisy.station), NOW, NOW + timedelta(days=1))
        heard = [priority for _, priority in figures.moments(*day)]
        assert heard == ["P3", "P3", "P3", "P3", "P1", "P3"], "of what folded only what sounded later"
        assert figures.kept_quiet(*day) == [{"reason": "flood", "priority": "P3", "alerts": 5}]
    kinds = [row["kind"] for row in rows(noisy, "select kind from change where kind = 'flood'")]
    assert kinds == ["flood", "flood"]

"""Who answers: place → grid → beat → duty, and never nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from gateway.model.contact import Contact
from gateway.model.duty import Duty
from gateway.model.incident import Incident
from gateway.model.policy import By, Ladder, Policy, Rung
from gateway.model.registry import Area, Registry, Responder, Station
from gateway.telling import ladder, tell
from gateway.telling.message import Occasion, area_of, body, contacts_for, numbered, showing

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


REACHED = [Contact(1, "phone")]
PEOPLE = [Responder(name, "", "officer", contacts=REACHED) for name in ("a", "b", "d", "c", "l")]


def registry(duties: list[Duty], responders: list[Responder] | None = None, policy: Policy | None = None) -> Registry:
    return Registry(
        station=Station("s", "派出所", "Asia/Shanghai"),
        areas=[
            Area("beat", "beat", "警务区"),
            Area("grid", "grid", "网格", "beat"),
            Area("loop", "grid", "环", "loop"),
        ],
        duties=duties,
        responders=PEOPLE if responders is None else responders,
        policy=policy,
    )


def users(rung: dict[str, Any]) -> list[str]:
    return [recipient["user"] for recipient in rung["recipients"]]


def frozen(registry: Registry, area: str | None, priority: str = "P1") -> list[dict[str, Any]]:
    return ladder.freeze(registry, area=area, place=None, priority=priority, now=NOW)


def test_a_p1_climbs_from_the_officer_to_the_whole_station_and_ends_loudly() -> None:
    rungs = frozen(registry([Duty("beat", "a", "d", "c", "l")]), "grid")
    assert [(rung["after_s"], users(rung), rung["by"]) for rung in rungs] == [
        (0, ["a", "d"], ["push"]),
        (30, ["a", "d"], ["push", "voice"]),
        (60, ["a", "d"], ["sms"]),
        (120, ["c"], ["push", "voice"]),
        (180, ["l"], ["push", "voice", "sms"]),
        (240, ["a", "b", "d", "c", "l"], ["push", "voice"]),
        (600, [], []),
    ]
    assert rungs[-1]["expiry"]
    assert rungs[0]["recipients"][0]["why"]["code"] == "standing"
    assert rungs[0]["recipients"][0]["why"]["area"] == "beat"


def test_a_rung_that_would_call_nobody_calls_the_next_wider_circle() -> None:
    rungs = frozen(registry([Duty("beat", "a")]), "grid")
    assert users(rungs[0]) == ["a"], "without a deputy the officer alone"
    assert users(rungs[3]) == ["a", "b", "d", "c", "l"], "no commander, no leader: everybody"


def test_a_priority_that_is_not_urgent_calls_once() -> None:
    assert len(frozen(registry([Duty("beat", "a", "d")]), "grid", "P3")) == 1


def test_where_nobody_is_on_duty_every_officer_and_commander_is_called() -> None:
    people = [
        Responder("o", "", "officer", contacts=REACHED),
        Responder("c", "", "commander", contacts=REACHED),
        Responder("x", "", "officer"),
        Responder("desk", "", "operator", contacts=REACHED),
    ]
    for area in (None, "grid", "unknown"):
        assert users(frozen(registry([], people), area)[0]) == ["o", "c"]


def test_an_area_may_have_a_ladder_of_its_own() -> None:
    own = Policy(ladders=(Ladder("P1", (Rung(0, ("commander",)),), area="beat"),))
    town = registry([Duty("beat", "a", "d", "c")], policy=own)
    assert [users(rung) for rung in frozen(town, "grid")] == [["c"]]
    assert len(frozen(town, "loop")) == 7, "elsewhere it is the station's"


@pytest.mark.parametrize(
    ("has", "by", "told"),
    [
        (["phone", "web_push", "sms"], ["push"], ["phone", "web_push"]),
        (["sms", "voice"], ["push"], ["sms"]),
        (["phone", "sms", "sms", "voice"], ["voice", "sms"], ["voice", "sms"]),
        (["apprise", "phone"], ["push"], ["phone"]),
        (["apprise"], ["push"], ["apprise"]),
        ([], ["push"], []),
    ],
)
def test_somebody_is_told_by_the_ways_a_rung_asks_for_or_by_what_there_is(
    has: list[str], by: list[By], told: list[str]
) -> None:
    contacts = [Contact(n, channel) for n, channel in enumerate(has)]
    assert [contact.channel for contact in contacts_for(contacts, by)] == told


@pytest.mark.parametrize(
    ("has", "told"),
    [
        (["phone", "sms", "apprise"], ["phone", "apprise"]),
        (["sms", "voice"], ["sms", "voice"]),
        ([], []),
    ],
)
def test_beside_the_ladder_everything_that_shows_is_used_else_everything(has: list[str], told: list[str]) -> None:
    contacts = [Contact(n, channel) for n, channel in enumerate(has)]
    assert [contact.channel for contact in showing(contacts)] == told


def test_a_push_names_the_area_and_no_person_or_flat() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    title = {"zh": "独居老人长时间无活动", "en": "No sign of life"}
    incident = Incident("s", "P2", title, now, now, [], id=7, place="flat-1-101", area="grid")
    occasion = Occasion("x", "incident", numbered(incident), after_title=tell.AGAIN, alert=3, rung=1)
    area = area_of(incident, registry([]))
    shown = body(incident, occasion, area)
    assert shown == {
        "title": {"zh": "P2 独居老人长时间无活动（再次提醒）", "en": "P2 No sign of life (again)"},
        "body": {"zh": "网格 · 警情 7 · 点开查看", "en": "网格 · incident 7 · open for details"},
        "area": "网格", "incident": 7, "alert": 3, "rung": 1, "purpose": "incident", "drill": False, "ttl_s": 1800,
        "url": "/m?incident=7",
    }  # fmt: skip
    nowhere = area_of(msgspec.structs.replace(incident, area=None), registry([]))
    assert nowhere == registry([]).station.name, "no area: the station's name"
    drill = body(msgspec.structs.replace(incident, drill=True), occasion, area)
    assert drill["title"]["zh"].startswith("【演练】P2")

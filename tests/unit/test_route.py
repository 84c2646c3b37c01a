"""Who answers: place → grid → beat → duty, and never nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gateway.model.contact import Contact
from gateway.model.duty import Duty
from gateway.model.incident import Incident
from gateway.model.registry import Area, Registry, Responder, Station
from gateway.stops.route import duty_for, ladder
from gateway.telling.tell import phone_body

DEADLINES = {"P1": 30.0, "P2": 120.0}


REACHED = [Contact(1, "phone")]
PEOPLE = [Responder(name, "", "officer", contacts=REACHED) for name in ("a", "b", "d", "c")]


def registry(duties: list[Duty], responders: list[Responder] | None = None) -> Registry:
    return Registry(
        station=Station("s", "派出所", "Asia/Shanghai"),
        areas=[
            Area("beat", "beat", "警务区"),
            Area("grid", "grid", "网格", "beat"),
            Area("loop", "grid", "环", "loop"),
        ],
        duties=duties,
        responders=PEOPLE if responders is None else responders,
    )


def users(rung: dict[str, Any]) -> list[str]:
    return [recipient["user"] for recipient in rung["recipients"]]


def test_the_nearest_area_with_a_duty_answers() -> None:
    both = registry([Duty("beat", "a"), Duty("grid", "b")])
    above = registry([Duty("beat", "a")])
    assert duty_for(both, "grid") == Duty("grid", "b")
    assert duty_for(above, "grid") == Duty("beat", "a")
    assert duty_for(above, None) is None
    assert duty_for(above, "loop") is None, "an area that is its own parent ends the walk"


def test_the_second_rung_repeats_the_officer_and_adds_the_deputy() -> None:
    first, second = ladder(registry([Duty("beat", "a", "d", "c")]), "grid", "P1", DEADLINES)
    assert (first["after_s"], users(first)) == (0.0, ["a"])
    assert (second["after_s"], users(second)) == (30.0, ["a", "d"])


def test_without_a_deputy_the_officer_is_told_again() -> None:
    _, second = ladder(registry([Duty("beat", "a")]), "grid", "P2", DEADLINES)
    assert (second["after_s"], users(second)) == (120.0, ["a"])


def test_a_priority_without_a_deadline_has_one_rung() -> None:
    assert len(ladder(registry([Duty("beat", "a", "d")]), "grid", "P3", DEADLINES)) == 1


def test_where_nobody_is_on_duty_every_officer_and_commander_is_told() -> None:
    people = [
        Responder("o", "", "officer", contacts=REACHED),
        Responder("c", "", "commander", contacts=REACHED),
        Responder("x", "", "officer"),
        Responder("desk", "", "operator", contacts=REACHED),
    ]
    for area in (None, "grid", "unknown"):
        assert users(ladder(registry([], people), area, "P1", DEADLINES)[0]) == ["o", "c"]


def test_a_push_names_the_area_and_no_person_or_flat() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    title = {"zh": "独居老人长时间无活动", "en": "No sign of life"}
    incident = Incident("s", "P2", title, now, now, [], id=7, place="flat-1-101", area="grid")
    body = phone_body(incident, 3, 1, registry([]))
    assert body["title"]["zh"] == "P2 独居老人长时间无活动（再次提醒）"
    assert "网格" in body["body"]["zh"]
    assert "flat-1-101" not in str(body)


def test_whoever_has_no_phone_is_passed_over_and_never_left_as_the_only_one() -> None:
    mute = [
        Responder("a", "", "officer"),
        Responder("d", "", "officer", contacts=REACHED),
        Responder("c", "", "commander", contacts=REACHED),
    ]
    first, second = ladder(registry([Duty("beat", "a", "d", "c")], mute), "grid", "P1", DEADLINES)
    assert (users(first), users(second)) == (["d"], ["d"])
    assert users(ladder(registry([Duty("beat", "a", None, "c")], mute), "grid", "P1", DEADLINES)[0]) == ["c"]
    assert users(ladder(registry([Duty("beat", "a")], mute), "grid", "P1", DEADLINES)[0]) == ["d", "c"]

"""The roster of docs/duty.md does what the page says of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import yaml

from gateway.duty.answer import who_answers
from gateway.duty.coverage import gaps
from gateway.duty.doubts import doubts
from gateway.duty.faults import faults
from gateway.duty.said import _DOUBTS
from gateway.model.contact import Contact
from gateway.model.duty import Duty, Shift
from gateway.model.registry import Area, Place, Registry, Responder, Station
from tests.pages import blocks, coded, page, rows, section


def documented() -> Registry:
    (written,) = (block.text for block in blocks(page("duty.md")) if block.language == "yaml")
    site: dict[str, Any] = yaml.safe_load(written)
    duties = [msgspec.convert({"area": None, **duty}, Duty) for duty in site["duty"]]
    shifts = msgspec.convert(site["shifts"], list[Shift])
    users = {user for shift in shifts for user in shift.people} | {"officer-a", "officer-b", "officer-c", "leader"}
    return Registry(
        station=Station("s", "城东派出所", "Asia/Shanghai"),
        areas=msgspec.convert(site["areas"], list[Area]),
        places=msgspec.convert(site["places"], list[Place]),
        duties=duties,
        shifts=shifts,
        responders=[Responder(user, user, "officer", contacts=[Contact(1, "phone")]) for user in sorted(users)],
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


def test_the_example_has_no_fault_no_gap_and_nothing_odd() -> None:
    registry = documented()
    assert faults(registry, list(registry.duties.values()), registry.shifts) == []
    assert gaps(registry, at("2026-02-01T00:00"), days=366) == []
    assert doubts(registry, at("2026-09-20T00:00")) == []


@pytest.mark.parametrize(
    ("place", "area", "moment", "who"),
    [
        ("school-1-gate", None, "2026-10-08T07:30", {"auxiliary-4", "officer-b", "auxiliary-1"}),
        ("school-1-gate", None, "2026-10-09T07:30", {"officer-b", "auxiliary-2"}),
        ("school-1-gate", None, "2026-10-05T07:30", {"officer-b", "auxiliary-1"}),
        (None, "night-market", "2026-10-05T23:00", {"officer-e", "auxiliary-2"}),
        (None, "night-market", "2026-10-12T23:00", {"officer-d", "auxiliary-3"}),
        (None, "night-market", "2026-10-05T12:00", {"officer-c", "auxiliary-2"}),
        (None, "grid-101", "2026-10-05T12:00", {"officer-a", "auxiliary-2"}),
    ],
)
def test_the_example_answers_as_the_page_says(place: str | None, area: str | None, moment: str, who: set[str]) -> None:
    first = {"officer", "deputy", "guard"}
    assert {one.user for one in who_answers(documented(), place, area, at(moment)) if one.duty_as in first} == who


def test_the_words_of_a_shift_and_the_doubts_are_all_told() -> None:
    told = [coded(row[0])[0] for row in rows(section(page("duty.md"), "Shifts")) if coded(row[0])]
    assert sorted(told) == sorted(Shift.__struct_fields__)
    prose = re.sub(
        r"```.*?```", "", section(page("duty.md"), "A roster that leaves nobody is refused"), flags=re.DOTALL
    )
    assert set(_DOUBTS) <= set(coded(prose))

"""The county keeps catalogues as WVP does, and knows what may stand in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulators.county_platform.platform import CountyPlatform
from simulators.county_platform.settings import CountySettings
from tests.unit.simulators.raw_sip import BUTTON, DOOR, GATEWAY, PASSWORD, SERVER, Lower, catalogue, item, xml

CAMERA = "34020000011325000001"
OTHER_DOOR = "34020000011345000002"


@pytest.fixture
def county() -> Iterator[CountyPlatform]:
    with CountyPlatform(CountySettings({GATEWAY: PASSWORD}, greets=False, t1_s=5)) as one:
        yield one


@pytest.fixture
def lower(county: CountyPlatform) -> Iterator[Lower]:
    with Lower(county.port) as one:
        one.register()
        yield one


def rules(county: CountyPlatform) -> list[str]:
    return [one.rule for one in county.violations]


def asked(county: CountyPlatform, lower: Lower, target: str = "") -> tuple[Any, str]:
    exchange = county.order("catalog", target)
    request = lower.asked()
    lower.answer(request)
    return exchange, request.field("SN")


def answer(county: CountyPlatform, lower: Lower, *items: str) -> None:
    _, sn = asked(county, lower)
    for one in items:
        assert lower.message("Response", catalogue(sn, len(items), one)).status == 200


def test_a_catalogue_replaces_the_last_one_when_it_is_complete(county: CountyPlatform, lower: Lower) -> None:
    answer(county, lower, item(CAMERA))
    exchange, sn = asked(county, lower)
    lower.message("Response", catalogue(sn, 2, item(BUTTON)))
    assert (list(county.catalog), exchange.done) == ([CAMERA], False)
    lower.message("Response", catalogue(sn, 2, item(DOOR, Status="OFF")))
    assert exchange.wait_answer().sn == sn
    assert {gb_id: one.status for gb_id, one in county.catalog.items()} == {BUTTON: "ON", DOOR: "OFF"}
    assert county.violations == []


def test_an_empty_catalogue_is_a_catalogue(county: CountyPlatform, lower: Lower) -> None:
    exchange, sn = asked(county, lower)
    lower.message("Response", catalogue(sn, 0))
    assert exchange.wait_answer().field("SumNum") == "0"
    assert county.catalogues[GATEWAY].complete
    assert county.violations == []


def test_a_response_nobody_asked_for_wipes_the_list_and_is_noted(county: CountyPlatform, lower: Lower) -> None:
    answer(county, lower, item(BUTTON), item(DOOR))
    lower.message("Response", catalogue("999", 1, item(CAMERA)))
    assert list(county.catalog) == [CAMERA]
    assert rules(county) == ["unsolicited-catalog"]


def test_a_part_is_checked_and_changes_nothing(county: CountyPlatform, lower: Lower) -> None:
    answer(county, lower, item(BUTTON), item(DOOR))
    exchange, sn = asked(county, lower, DOOR)
    lower.message("Response", catalogue(sn, 1, item(DOOR)).replace(GATEWAY, DOOR, 1))
    assert exchange.wait_answer().device_id == DOOR
    assert len(county.catalog) == 2
    assert county.violations == []


def test_answers_come_one_after_the_other(county: CountyPlatform, lower: Lower) -> None:
    _, sn = asked(county, lower)
    county.misbehave("late", method="MESSAGE", seconds=0.2)
    lower.send(lower.request("MESSAGE", xml("Response", catalogue(sn, 2, item(BUTTON)))))
    lower.send(lower.request("MESSAGE", xml("Response", catalogue(sn, 2, item(DOOR)))))
    assert [lower.response().status for _ in range(2)] == [200, 200]
    assert rules(county) == ["catalog-not-serial"]


@pytest.mark.parametrize(
    ("total", "items", "num", "expected"),
    [
        (1, [item(BUTTON), item(DOOR)], None, "sum-num"),
        (2, [item(BUTTON), item(BUTTON)], None, "catalog-duplicate"),
        (1, [item(BUTTON)], 2, "num"),
        (1, [], None, "sum-num"),
        (1, [item("3402000001134500000X")], None, "device-id"),
        (1, [item(Manufacturer="")], None, "missing-field"),
        (1, [item(Owner="")], None, "missing-field"),
        (1, [item(Model=" ")], None, "empty-field"),
        (1, [item(CivilCode="34020")], None, "value"),
        (1, [item(Parental="2")], None, "value"),
        (1, [item(Parental="1")], None, "parental"),
        (1, [item(Status="OK")], None, "value"),
        (1, [item(RegisterWay="2")], None, "value"),
        (1, [item(name="学" * 41)], None, "long-name"),
        (1, [item(ParentID=SERVER)], None, "parent"),
        (1, [item(ParentID=OTHER_DOOR)], None, "parent"),
        (1, [item(Password="x")], None, "unknown-field"),
        (1, [item(CertNum="x")], None, "unknown-field"),
        (1, [item(Longitude="0", Latitude="0")], None, "position"),
        (1, [item(Longitude="118.3")], None, "position"),
        (1, [item(Info="<PTZ>1</PTZ>")], None, "unknown-field"),
        (1, [item("340200", "县")], None, "unknown-field"),
        (1, [item(Secrecy="").replace("<Name>", "<Secrecy>0</Secrecy><Name>")], None, "field-order"),
    ],
)
def test_items_that_break_a_rule_are_noted(
    county: CountyPlatform, lower: Lower, total: int, items: list[str], num: int | None, expected: str
) -> None:
    _, sn = asked(county, lower)
    lower.message("Response", catalogue(sn, total, *items, num=num))
    assert expected in rules(county)
    assert set(rules(county)) - {expected, "sum-num", "value", "parental"} == set()


def test_a_tree_with_groups(county: CountyPlatform, lower: Lower) -> None:
    group, town = "34020000002150000001", "34020000002160000001"
    answer(
        county,
        lower,
        "<Item><DeviceID>340200</DeviceID><Name>县</Name></Item>",
        f"<Item><DeviceID>{group}</DeviceID><Name>社区</Name><CivilCode>340200</CivilCode>"
        f"<ParentID>{GATEWAY}</ParentID></Item>",
        f"<Item><DeviceID>{town}</DeviceID><Name>一号楼</Name><BusinessGroupID>{group}</BusinessGroupID></Item>",
        item(BUTTON, ParentID=town, BusinessGroupID=group, Longitude="118.3", Latitude="31.3").replace(
            f"<BusinessGroupID>{group}</BusinessGroupID><Longitude>118.3</Longitude><Latitude>31.3</Latitude>",
            f"<Longitude>118.3</Longitude><Latitude>31.3</Latitude><BusinessGroupID>{group}</BusinessGroupID>",
        ),
        item(CAMERA, Parental="0", Info="<PTZType>3</PTZType>"),
    )
    assert len(county.catalog) == 5
    assert county.violations == []


def test_a_message_after_the_last_is_noted(county: CountyPlatform, lower: Lower) -> None:
    _, sn = asked(county, lower)
    lower.message("Response", catalogue(sn, 1, item(BUTTON)))
    lower.message("Response", catalogue(sn, 1, item(DOOR)))
    assert rules(county) == ["sum-num"]
    assert list(county.catalog) == [BUTTON]


def test_another_sum_for_the_same_question_is_noted(county: CountyPlatform, lower: Lower) -> None:
    _, sn = asked(county, lower)
    lower.message("Response", catalogue(sn, 3, item(BUTTON)))
    lower.message("Response", catalogue(sn, 2, item(DOOR)))
    assert rules(county) == ["sum-num"]

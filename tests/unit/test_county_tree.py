"""What devices are sorted under at a platform, judged by a platform that somebody else wrote from the same note."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from connectors.gb28181 import catalogue
from connectors.gb28181.catalogue import Branch, Entry, Item
from connectors.gb28181.dialect import DIALECTS, Edition
from gateway.county.codes import missing
from gateway.county.config import CountyConfig
from gateway.county.sheet import sheet
from gateway.county.shown import entries
from gateway.model.errors import Misconfigured
from gateway.model.registry import Area, Device, Place, Registry, Station
from simulators.county_platform.catalogue import Catalogue
from simulators.county_platform.checks import check
from simulators.county_platform.manscdp import read
from tests.unit.gb28181.desk import OURS, SERVER

LINK = {"server_id": SERVER, "server": "192.0.2.10:5060", "device_id": OURS, "password": "x"}
CIVIL = {"centre": "34020000", "county": "某县", "streets": {"34020001": {"name": "东街街道", "areas": ["east"]}}}
GROUP, BUILDING = "34020000002150000001", "34020000002160000004"
EAST, RIVER, WEST = "34020000002160000001", "34020000002160000002", "34020000002160000003"


def registry(*, school: str = "school", without: Sequence[str] = ()) -> Registry:
    devices = [
        Device("button", "school_button", "gate" if school == "school" else "shop", "一键报警"),
        Device("door", "door_contact", "shop", "后门"), Device("loose", "sos_button", None, "备用"),
    ]  # fmt: skip
    return Registry(
        station=Station("s", "城关派出所", "Asia/Shanghai"),
        areas=[
            Area("river", "grid", "滨河网格", "east"), Area("east", "beat", "东街警区"),
            Area("west", "beat", "西街警区"),
        ],
        places=[
            Place("school", "school", "river", "实验小学"), Place("shop", "venue", "west", "粮店"),
            Place("gate", "school_gate", "river", "东门", parent="school"),
        ],
        devices=[device for device in devices if device.id not in without],
    )  # fmt: skip


def config(tree: str, codes: dict[str, Any] | None = None, **link: Any) -> CountyConfig:
    return CountyConfig.model_validate({
        "links": [{**LINK, "tree": tree, **link}], "codes": CIVIL if codes is None else codes
    })  # fmt: skip


def shown(told: CountyConfig, of: Registry | None = None, known: dict[str, str] | None = None) -> list[Entry]:
    of = of or registry()
    codes = {**(known or {}), **missing(of, told.codes, known or {}, grouped=told.is_grouped)}
    return entries(of, told, told.links[0], codes, {"door": False})


def judged(found: Sequence[Entry], edition: Edition = "2016", asked: str = OURS) -> Catalogue:
    """What the platform makes of a query's answer; it finds nothing wrong with it."""
    theirs = Catalogue(OURS, SERVER)
    part = catalogue.scoped(found, asked, OURS)
    for body in catalogue.answers(part, 7, asked, DIALECTS[edition], most=2, room=1300):
        told = read(body, edition)
        take = theirs.take if asked == OURS else theirs.take_part
        assert [*told.faults, *check(told, edition, datetime(2026, 3, 1)), *take(told)[1]] == []
    return theirs


def tree_of(found: Catalogue) -> dict[str, tuple[str, str]]:
    """By name: what stands in ParentID and BusinessGroupID."""
    return {
        one.name: (one.fields.get("ParentID", ""), one.fields.get("BusinessGroupID", ""))
        for one in found.items.values()
    }


@pytest.mark.parametrize("edition", ["2016", "2022"])
def test_a_business_group_with_areas_and_buildings(edition: Edition) -> None:
    found = judged(shown(config("group", edition=edition)), edition)
    assert tree_of(found) == {
        "城关派出所": (OURS, ""), "东街警区": ("", GROUP), "滨河网格": (EAST, GROUP), "西街警区": ("", GROUP),
        "实验小学": (RIVER, GROUP), "一键报警": (BUILDING, GROUP), "后门": (WEST, GROUP), "备用": (OURS, ""),
    }  # fmt: skip
    assert {one.fields["CivilCode"] for one in found.items.values() if "CivilCode" in one.fields} == {"340200"}


@pytest.mark.parametrize("edition", ["2016", "2022"])
def test_civil_codes_of_the_county_and_its_streets(edition: Edition) -> None:
    found = judged(shown(config("civil", edition=edition)), edition)
    assert tree_of(found) == {
        "某县": ("", ""), "东街街道": ("", ""),
        "一键报警": ("34020001", ""), "后门": ("340200", ""), "备用": ("340200", ""),
    }  # fmt: skip
    assert {one.name: one.fields.get("CivilCode") for one in found.items.values() if one.fields.get("ParentID")} == {
        "一键报警": "34020001", "后门": "340200", "备用": "340200"
    }  # fmt: skip


def test_a_flat_list_has_no_branches_and_empty_ones_are_not_told() -> None:
    assert all(isinstance(entry, Item) and entry.parent == OURS for entry in shown(config("flat")))
    found = shown(config("group"), registry(school="shop"))
    assert [entry.name for entry in found if isinstance(entry, Branch)] == ["城关派出所", "西街警区"]
    streets = {**CIVIL, "streets": {"34020002": {"name": "河西", "areas": ["nowhere"]}}}
    assert [entry.name for entry in shown(config("civil", streets)) if isinstance(entry, Branch)] == ["某县"]
    alone = shown(config("civil"), registry(without=["door", "loose"]))
    assert [entry.name for entry in alone] == ["某县", "东街街道", "一键报警"]


@pytest.mark.parametrize(
    ("tree", "asked", "names"),
    [
        ("group", GROUP, {"城关派出所", "东街警区", "滨河网格", "西街警区", "实验小学", "一键报警", "后门"}),
        ("group", EAST, {"东街警区", "滨河网格", "实验小学", "一键报警"}),
        ("group", BUILDING, {"实验小学", "一键报警"}),
        ("group", "340200", {"城关派出所", "东街警区", "滨河网格", "西街警区", "实验小学", "一键报警", "后门", "备用"}),
        ("group", "340300", set()),
        ("civil", "34020001", {"东街街道", "一键报警"}),
        ("civil", "3402", {"某县", "东街街道", "一键报警", "后门", "备用"}),
        ("civil", "34020000001340000001", {"后门"}),
    ],
)
def test_asked_for_a_branch_it_is_told_with_all_below_it(tree: str, asked: str, names: set[str]) -> None:
    if tree == "civil" and len(asked) == 20:
        asked = next(entry.code for entry in shown(config(tree)) if entry.name == "后门")
    part = judged(shown(config(tree)), asked=asked)
    told = catalogue.scoped(shown(config(tree)), asked, OURS)
    assert {entry.name for entry in told} == names
    assert part.items == {}, "an answer about a part changes nothing"


def test_changes_never_leave_anything_below_what_is_not_there() -> None:
    before, after = shown(config("group")), shown(config("group"), registry(school="shop"))
    for old, new in ((before, after), (after, before), ([], before), (before, [])):
        theirs = judged(old)
        numbers = count(1)
        found = catalogue.changes(old, new)
        for one in found:  # one a message, as a datagram may have it
            (body,) = catalogue.notices([one], numbers.__next__, OURS, DIALECTS["2016"], room=1300)
            told = read(body, "2016")
            wrong = [*told.faults, *check(told, "2016", datetime(2026, 3, 1)), *theirs.notify(told, initial=False)]
            assert wrong == []
        assert tree_of(theirs) == tree_of(judged(new))


def test_codes_of_groups_stay_and_those_of_the_county_count() -> None:
    told = config(
        "group", {"centre": "34020000", "groups": {"station": GROUP[:-1] + "9", "area/east": EAST[:-1] + "7"}}
    )
    first = missing(registry(), told.codes, {}, grouped=True)
    assert (first["group/station"], first["group/area/east"]) == (GROUP[:-1] + "9", EAST[:-1] + "7")
    assert first["group/area/river"] == EAST[:-1] + "8"
    assert missing(registry(), told.codes, first, grouped=True) == {}
    assert judged(shown(told)).items[GROUP[:-1] + "9"].name == "城关派出所"
    with pytest.raises(Misconfigured, match="no code is used twice"):
        missing(registry(), told.codes, {"group/area/west": EAST[:-1] + "7"}, grouped=True)
    assert not [name for name in missing(registry(), told.codes, {}) if name.startswith("group/")]


def test_a_platform_that_wants_it_finds_the_civil_code_in_organisations_too() -> None:
    branches = [one for one in shown(config("group", group_civil_code=True)) if isinstance(one, Branch)]
    assert {one.civil_code for one in branches} == {"340200"}


@pytest.mark.parametrize(
    ("tree", "codes", "said"),
    [
        ("civil", {"centre": "34020000"}, "needs the county's name"),
        ("flat", {**CIVIL, "streets": {"35010001": {"name": "x", "areas": ["east"]}}}, "no part of the county"),
        ("flat", {**CIVIL, "streets": {code: {"name": "x", "areas": ["east"]} for code in ("34020001", "34020002")}},
         "is in 34020001 and in 34020002"),
        ("group", {"centre": "34020000", "groups": {"station": EAST}}, "a station is a business group"),
        ("group", {"centre": "34020000", "groups": {"area/a": EAST, "area/b": EAST}}, "the same code"),
        ("group", {"centre": "34020000", "groups": {"city": GROUP}}, "should match pattern"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_tree_is_said(tree: str, codes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        config(tree, codes)


def test_the_sheet_names_the_branches() -> None:
    page = "\n".join(sheet(config("group"), registry(), {}))
    assert "| 目录结构 | 业务分组（215）与虚拟组织（216） |" in page
    assert f"| {BUILDING} | 实验小学 | {RIVER} |" in page
    assert "目录节点" not in "\n".join(sheet(config("flat"), registry(), {}))

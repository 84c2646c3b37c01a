"""Every scenario holds under the rules of the catalogue, and none does when the rule it is about is missing."""

from datetime import date
from functools import cache
from pathlib import Path

import pytest

from gateway.site import Site, read_site
from simulators.scenario.file import find, names
from simulators.scenario.ground import Ground, read_ground
from simulators.scenario.happened import read_happened
from simulators.scenario.judge import Judgement, judge, report
from simulators.scenario.ordinary import ordinary_life
from simulators.scenario.plan import Plan, plan_of
from simulators.scenario.tell import lines
from simulators.scenario.timeline import timeline
from tests.unit.simulators.rehearsal import Rehearsal

MONDAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def site(county_path: Path) -> Site:
    return read_site(county_path)


@pytest.fixture(scope="module")
def ground(county_path: Path) -> Ground:
    return read_ground(county_path)


@cache
def told(name: str, ground: Ground, path: Path) -> tuple[Plan, tuple[str, ...]]:
    """A scenario among the ordinary life of its cast."""
    plan = plan_of(find(name), ground, 1, MONDAY)
    return plan, tuple(lines(plan, timeline(plan, ordinary_life(plan, path, quiet_town=True))))


def rehearsed(name: str, site: Site, ground: Ground, path: Path, *without: str) -> Judgement:
    plan, happens = told(name, ground, path)
    return judge(plan, read_happened(Rehearsal(site, plan.since, without=without).run(happens)))


@pytest.mark.parametrize("name", names())
def test_a_scenario_holds(name: str, site: Site, ground: Ground, county_path: Path) -> None:
    found = rehearsed(name, site, ground, county_path)
    assert found.holds, report(found, "en")


@pytest.mark.parametrize("name", [name for name in names() if find(name).must])
def test_a_scenario_fails_without_its_rule(name: str, site: Site, ground: Ground, county_path: Path) -> None:
    rule = find(name).must[0].rule
    assert not rehearsed(name, site, ground, county_path, rule).holds


def test_the_power_cut_needs_the_item_of_the_area(site: Site, ground: Ground, county_path: Path) -> None:
    """Without it each device has an item of its own, and the scenario says so."""
    found = rehearsed("area-power-cut", site, ground, county_path, "area-offline")
    assert [finding.holds for finding in found.must_not].count(False) >= 1

"""Every scenario holds under the rules of the catalogue, every rule is expected by one, and none holds without it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from gateway.registering.reading import read_site
from gateway.registering.site import Site
from simulators.life.message import Message
from simulators.life.plan import messages
from simulators.scenario.file import find, names
from simulators.scenario.ground import read_ground
from simulators.scenario.happened import read_happened
from simulators.scenario.judge import Judgement, judge, report
from simulators.scenario.ordinary import ordinary_life
from simulators.scenario.plan import Plan, plan_of
from simulators.scenario.tell import lines
from simulators.scenario.timeline import ids_of, timeline
from simulators.site_file import read_site as read_town
from tests.unit.simulators.rehearsal import DEFINITIONS, Rehearsal

MONDAY = date(2026, 11, 23)
SEED = 1
#: The gateway proves itself with it; no device can.
OF_THE_GATEWAY = {"watchdog-probe"}
#: It takes three elders in one building, and the made-up town has one in each at most.
NOBODY_TO_PLAY = {"elders-silent-together"}
#: Rules that judge what others raise fall silent with them.
DERIVED = {rule: {"card-alerts-many-grids"} for rule in ("card-two-places", "same-card-many-grids")}
#: What must happen: scenario and rule, each pair once.
EXPECTED = sorted({(name, must.rule) for name in names() for must in find(name).must if not must.optional})


@pytest.fixture(scope="module")
def site(county_path: Path) -> Site:
    return read_site(county_path)


@pytest.fixture(scope="module")
def told(county_path: Path) -> Mapping[str, tuple[Plan, list[str]]]:
    """Each scenario among the ordinary life of its cast; of the town's weeks all of them share, only one is lived."""
    ground = read_ground(county_path)
    plans = {name: plan_of(find(name), ground, SEED, MONDAY) for name in names()}
    shared = [plan for plan in plans.values() if abs(plan.begin.date() - MONDAY) < timedelta(days=14)]
    wanted = {device for plan in shared for device in ids_of(plan.cast, plan)}
    since, until = min(plan.since for plan in shared), max(plan.until for plan in shared)
    said: dict[str, list[Message]] = defaultdict(list)
    for one in messages(read_town(county_path), SEED, since, until):
        if one.device in wanted:
            said[one.device].append(one)

    def life(plan: Plan) -> list[Message]:
        if plan not in shared:
            return list(ordinary_life(plan, county_path, quiet_town=True))  # type: ignore[arg-type]
        of_the_cast = (one for device in ids_of(plan.cast, plan) for one in said[device])
        return sorted(
            (one for one in of_the_cast if plan.since <= one.at < plan.until), key=lambda one: (one.at, one.device)
        )

    return {name: (plan, list(lines(plan, timeline(plan, life(plan))))) for name, plan in plans.items()}


def rehearsed(told: Mapping[str, tuple[Plan, list[str]]], name: str, site: Site, *without: str) -> Judgement:
    plan, happens = told[name]
    return judge(plan, read_happened(Rehearsal(site, plan.since, without=without).run(happens)))


def test_every_rule_is_expected_by_a_scenario() -> None:
    judged = {definition.id for definition in DEFINITIONS} - OF_THE_GATEWAY
    assert {rule for _, rule in EXPECTED} == judged - NOBODY_TO_PLAY


@pytest.mark.parametrize("name", names())
def test_a_scenario_holds(told: Mapping[str, tuple[Plan, list[str]]], name: str, site: Site) -> None:
    found = rehearsed(told, name, site)
    assert found.holds, report(found, "en")


@pytest.mark.parametrize(("name", "rule"), EXPECTED)
def test_a_scenario_fails_without_its_rule(
    told: Mapping[str, tuple[Plan, list[str]]], name: str, rule: str, site: Site
) -> None:
    """And nothing else of it does. Of the other rules only those play that it expects something of: they suffice."""
    expected = {other for scenario, other in EXPECTED if scenario == name}
    idle = {definition.id for definition in DEFINITIONS} - expected
    found = rehearsed(told, name, site, *idle, rule)
    missed = {
        one for one in expected for finding in found.must if not finding.holds and f" {one} " in finding.claim["en"]
    }
    assert rule in missed, report(found, "en")
    assert missed <= {rule} | DERIVED.get(rule, set()), report(found, "en")


def test_the_power_cut_needs_the_item_of_the_area(told: Mapping[str, tuple[Plan, list[str]]], site: Site) -> None:
    """Without it each device has an item of its own, and the scenario says so."""
    found = rehearsed(told, "area-power-cut", site, "area-offline")
    assert [finding.holds for finding in found.must_not].count(False) >= 1

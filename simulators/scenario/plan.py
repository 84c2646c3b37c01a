"""A scenario on a given site, seed and day: who plays, and when each thing happens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulators.life.day import SCHOOL_BREAKS, WORKING_WEEKENDS, Day, day_of
from simulators.scenario.cast import Role, cast_of
from simulators.scenario.file import ScenarioError
from simulators.scenario.form import Scenario
from simulators.scenario.ground import Ground
from simulators.scenario.moments import moments

FARTHEST_DAYS = 120
SATURDAY = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """All times are aware, in the station's time zone: life from `since`, the scenario from `begin` to `until`."""

    scenario: Scenario
    ground: Ground
    seed: int
    cast: dict[str, Role]
    since: datetime
    begin: datetime
    until: datetime

    def moment(self, after: str) -> datetime:
        """Return when a named step begins, or with `.end` when it ends."""
        name, _, end = after.partition(".")
        span = moments(self.scenario)[name]
        return self.begin + span[1 if end else 0]


def plan_of(scenario: Scenario, ground: Ground, seed: int, day: date) -> Plan:
    """Cast a scenario and set its times: on `day`, or on the first day from it on that it asks for.

    Raises ScenarioError when the site has nobody for a role, or when there is no such day.
    """
    if scenario.weekday is not None:
        day = _weekday(scenario.weekday, day, seed, ground.zone)
    if scenario.day is not None:
        day = _such_a_day(scenario.day, day, seed, ground.zone)
    return plan_at(scenario, ground, seed, _at(day, scenario.begins, ground.zone))


def plan_at(scenario: Scenario, ground: Ground, seed: int, begin: datetime) -> Plan:
    """Cast a scenario that begins at a moment, whatever its file says of the time of day."""
    cast = cast_of(scenario, ground, seed)
    return Plan(scenario, ground, seed, cast, begin - scenario.warm_up, begin, begin + scenario.lasts)


def _weekday(wanted: int, day: date, seed: int, zone: ZoneInfo) -> date:
    """The first such weekday that an ordinary week begins with: no holiday in it, and no workday moved."""
    day += timedelta(days=(wanted - day.isoweekday()) % 7)
    for weeks in range(FARTHEST_DAYS // 7):
        week = [day + timedelta(days=7 * weeks + number) for number in range(7)]
        if all(day_of(one, seed, zone).work is (one.isoweekday() < SATURDAY) for one in week):
            return week[0]
    raise ScenarioError(f"there is no ordinary week within {FARTHEST_DAYS} days of {day}")


def _such_a_day(wanted: str, day: date, seed: int, zone: ZoneInfo) -> date:
    """The first such day; of moved workdays the nearest, for which ones a year has is told only late in that before."""
    if wanted == "moved_work":
        saturdays = [one for one in WORKING_WEEKENDS - SCHOOL_BREAKS if one.isoweekday() == SATURDAY]
        return min(saturdays, key=lambda one: (abs(one - day), one))
    is_one: Callable[[Day], bool] = {
        "work": lambda one: one.work, "rest": lambda one: not one.work, "school": lambda one: one.school
    }[wanted]  # fmt: skip
    for later in range(FARTHEST_DAYS):
        if is_one(day_of(day + timedelta(days=later), seed, zone)):
            return day + timedelta(days=later)
    raise ScenarioError(f"there is no {wanted} day within {FARTHEST_DAYS} days of {day}")


def _at(day: date, clock: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), zone)

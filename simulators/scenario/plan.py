"""A scenario on a given site, seed and day: who plays, and when each thing happens."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulators.scenario.cast import Role, cast_of
from simulators.scenario.form import Scenario
from simulators.scenario.ground import Ground
from simulators.scenario.moments import moments


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
    """Cast a scenario and set its times: on `day`, or on the first such weekday from it on.

    Raises ScenarioError when the site has nobody for a role.
    """
    if scenario.weekday is not None:
        day += timedelta(days=(scenario.weekday - day.isoweekday()) % 7)
    return plan_at(scenario, ground, seed, _at(day, scenario.begins, ground.zone))


def plan_at(scenario: Scenario, ground: Ground, seed: int, begin: datetime) -> Plan:
    """Cast a scenario that begins at a moment, whatever its file says of the time of day."""
    cast = cast_of(scenario, ground, seed)
    return Plan(scenario, ground, seed, cast, begin - scenario.warm_up, begin, begin + scenario.lasts)


def _at(day: date, clock: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), zone)

"""A watched person's home as the registry and the facts tell of it: sensors, kit, absences, limits of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property

from gateway.model.event import Event
from gateway.model.person import Person
from gateway.model.registry import Device
from rules.kinds.selecting import Selection
from rules.rhythm.limits import Kit, kit_of
from rules.rhythm.profile import HOUR_S
from rules.rhythm.told import sensor_told
from rules.rhythm.watched import Surroundings
from rules.rule import FAR_OFF, NEVER, Facts

DOORS = frozenset({"door_controller", "door_contact"})
SENSORS = DOORS | {"motion", "meter"}
CONNECTIONS = {"device.online": "found", "device.offline": "lost"}


class Home:
    """One person's home at one moment. `alive_for`: how long a sensor that tells its status may be quiet."""

    def __init__(
        self, person: Person, now: datetime, facts: Facts, alive_for: timedelta, rho: float, *, door_only: bool
    ) -> None:
        self._person, self._now, self._facts, self._rho = person, now, facts, rho
        self._alive_since = now - alive_for
        #: The sensors that count. Of a home with nothing but a door, not going out and silence are one and the same:
        #: that is for the rule of silence to tell, so here nothing counts.
        self.sensors = [one for one in facts.registry.devices_at(person.place) if one.kind in SENSORS]
        if door_only:
            inside = any(one.kind not in DOORS for one in self.sensors)
            self.sensors = [one for one in self.sensors if one.kind in DOORS and inside]

    @cached_property
    def alive(self) -> list[Device]:
        """The sensors through which a sign would come."""
        return [one for one in self.sensors if self._hears(one)]

    def _hears(self, sensor: Device) -> bool:
        """One that never told its status is believed to live unless it is cut off."""
        return self._facts.hears(sensor, self._alive_since if sensor.id in self._facts.online else NEVER)

    @property
    def kit(self) -> Kit:
        """The kit that is left: with everything inside lost, a door alone is judged as a door alone."""
        left = kit_with(self.alive)
        return left if left.name == "door" else self.around.kit

    @property
    def last_heard(self) -> float:
        """When any of the sensors was heard last, seconds of Unix time."""
        return max((self._facts.last_heard.get(one.id, NEVER).timestamp() for one in self.sensors), default=0.0)

    @cached_property
    def around(self) -> Surroundings:
        """What following the person needs to know."""
        offset = self._now.astimezone(self._facts.zone).utcoffset() or timedelta()
        return Surroundings(
            kit_with(self.sensors), self._rho, tuple((one.id, one.via) for one in self.sensors), offset.total_seconds(),
            away_until(self._person),
        )  # fmt: skip

    def told(self) -> dict[str, str]:
        """Say how each sensor is, in both languages."""
        found = []
        for sensor in self.sensors:
            heard = self._facts.last_heard.get(sensor.id)
            minutes = round((self._now - heard).total_seconds() / 60) if heard is not None else None
            found.append(sensor_told(sensor.name, minutes, fine=self._hears(sensor)))
        return {"zh": "，".join(one["zh"] for one in found) or "—", "en": ", ".join(one["en"] for one in found) or "—"}


def what_it_says(event: Event, person: Person, signs: Selection, *, door_only: bool) -> str | None:
    """What an event is to somebody's silence (see `Heard`); None when it is nothing."""
    if event.kind in CONNECTIONS:
        return CONNECTIONS[event.kind]
    if event.kind == "door.granted":
        credential, known = event.data.get("credential"), person.care.get("caregivers")
        if event.data.get("role") == "caregiver" or (isinstance(known, list) and credential in known):
            return "visit"
    at_door = event.device_kind in DOORS
    if not signs.takes(event) or (door_only and not at_door):
        return None
    direction = event.data.get("direction")
    if not at_door or direction == "in":
        return "inside"
    return "out" if direction == "out" else "door"


def kit_with(sensors: list[Device]) -> Kit:
    """The kit that these sensors make."""
    kinds = {one.kind for one in sensors}
    return kit_of(door=bool(kinds & DOORS), motion="motion" in kinds, water="meter" in kinds)


def own_limit_h(person: Person) -> float | None:
    """The person's own limit (`care.silence_limit_s`), hours."""
    own = person.care.get("silence_limit_s")
    if isinstance(own, bool) or not isinstance(own, int | float) or own <= 0:
        return None
    return float(own) / HOUR_S


def away_until(person: Person) -> float:
    """Until when the person is registered as away (seconds of Unix time; 0: not)."""
    told_of = person.care.get("away_until")
    if not isinstance(told_of, str):
        return 0.0
    try:
        until = datetime.fromisoformat(told_of)
    except ValueError:
        return 0.0
    return min(until, FAR_OFF).timestamp() if until.tzinfo is not None else 0.0


def moment(seconds: float) -> datetime:
    """Seconds of Unix time as a time in UTC."""
    return datetime.fromtimestamp(min(seconds, FAR_OFF.timestamp()), UTC)

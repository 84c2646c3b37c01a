"""The timeline: ordinary life, with what the scenario takes out of it, puts into it and holds back.

A list of messages goes through three passes: `mute` drops, `say`, `offline` and `online` add, `hold` delays.
"""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from simulators.events import RANDOM_BITS, Event, base32, timestamp
from simulators.scenario.cast import devices_of
from simulators.scenario.check import EVERYTHING
from simulators.scenario.form import Care, Drill, Hold, Mute, Offline, Online, Say, several
from simulators.scenario.plan import Plan
from simulators.scenario.span import read_span

QUICKEST_S, SLOWEST_S = 0.08, 0.4
"""How long a message is under way from a device to the gateway."""


class Message(Protocol):
    """A message of ordinary life: `at` is when the gateway receives it."""

    @property
    def at(self) -> datetime: ...  # noqa: D102
    @property
    def device(self) -> str: ...  # noqa: D102
    @property
    def lane(self) -> str: ...  # noqa: D102
    @property
    def payload(self) -> bytes: ...  # noqa: D102
    @property
    def retained(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the scenario; the same fields as one of ordinary life."""

    at: datetime
    device: str
    lane: str
    payload: bytes
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Control:
    """What is done by people at the gateway itself: a care profile changed, a drill announced."""

    at: datetime
    act: dict[str, Any]


def timeline(plan: Plan, life: Iterable[Message]) -> list[Said | Control]:
    """Return everything that happens from `since` to `until`, sorted by `at`."""
    ordinary = (Said(one.at, one.device, one.lane, bytes(one.payload), one.retained) for one in life)
    kept = [one for one in ordinary if plan.since <= one.at < plan.until and not _muted(one, _mutes(plan))]
    messages = sorted([*kept, *said(plan)], key=_by_time)
    for step in plan.scenario.steps:
        if isinstance(step, Hold):
            messages = sorted(_held(messages, step, plan), key=_by_time)
    return sorted([*controls(plan), *messages], key=lambda one: one.at)


def _by_time(one: Said) -> datetime:
    return one.at


def ids_of(roles: Iterable[str], plan: Plan) -> list[str]:
    """Return the devices of these roles, each once."""
    return list(dict.fromkeys(device for role in roles for device in devices_of(plan.cast[role], plan.ground)))


@dataclass(frozen=True, slots=True)
class _Quiet:
    devices: frozenset[str]
    begin: datetime
    end: datetime
    heartbeats: bool


def _mutes(plan: Plan) -> list[_Quiet]:
    return [
        _Quiet(
            frozenset(ids_of(several(step.mute), plan)),
            plan.begin + step.begin,
            plan.begin + step.end,
            step.heartbeats == "muted",
        )
        for step in plan.scenario.steps
        if isinstance(step, Mute)
    ]


def _muted(one: Said, mutes: list[_Quiet]) -> bool:
    return any(
        mute.begin <= one.at < mute.end and one.device in mute.devices and (mute.heartbeats or one.lane != "status")
        for mute in mutes
    )


def said(plan: Plan) -> Iterator[Said]:
    """Yield what the scenario's own steps say, step by step."""
    for number, step in enumerate(plan.scenario.steps):
        dice = random.Random(f"{plan.seed}/{plan.scenario.id}/{plan.begin.date()}/{number}")
        match step:
            case Say():
                for turn, device in enumerate(plan.cast[step.by].ids):
                    for again in range(step.times):
                        yield _event(
                            plan, plan.begin + step.at + turn * step.each + again * step.every, device, step, dice
                        )
            case Offline():
                for turn, device in enumerate(_connected(step.offline, plan)):
                    yield _status(plan.begin + step.at + turn * step.each, device, dice, online=False)
            case Online():
                for turn, device in enumerate(_connected(step.online, plan)):
                    yield _status(plan.begin + step.at + turn * step.each, device, dice, online=True)
            case _:
                pass


def _connected(roles: str | list[str], plan: Plan) -> list[str]:
    """Return the devices of these roles that have a connection to lose; what is behind a gateway has none."""
    devices = plan.ground.devices
    return [device for device in ids_of(several(roles), plan) if devices[device].via is None]


def _event(plan: Plan, moment: datetime, device: str, step: Say, dice: random.Random) -> Said:
    moment_ms = round(moment.timestamp() * 1000)
    event = Event(
        id=base32(moment_ms << RANDOM_BITS | dice.getrandbits(RANDOM_BITS), 26),
        ts=timestamp(moment + step.clock),
        kind=step.say,
        data={word: _named(value, plan) for word, value in step.data.items()},
    )
    return Said(_arrives(moment, dice), device, event.lane, event.payload())


def _named(value: Any, plan: Plan) -> Any:
    """Read `{of: ROLE}` as who plays it, in lists, too."""
    if isinstance(value, list):
        return [_named(one, plan) for one in value]
    if not isinstance(value, dict) or set(value) != {"of"}:
        return value
    ids = plan.cast[value["of"]].ids
    return ids[0] if len(ids) == 1 else list(ids)


def _status(moment: datetime, device: str, dice: random.Random, *, online: bool) -> Said:
    status: dict[str, Any] = {"session": f"{dice.getrandbits(48):012x}", "online": online}
    if online:
        status["battery"] = 100
    return Said(_arrives(moment, dice), device, "status", json.dumps(status).encode(), retained=True)


def _arrives(moment: datetime, dice: random.Random) -> datetime:
    return moment + timedelta(milliseconds=round(1000 * dice.uniform(QUICKEST_S, SLOWEST_S)))


def _held(messages: list[Said], step: Hold, plan: Plan) -> Iterator[Said]:
    begin, end = plan.begin + step.begin, plan.begin + step.end
    roles = several(step.hold)
    held = None if EVERYTHING in roles else frozenset(ids_of(roles, plan))
    late = [one for one in messages if begin <= one.at < end and (held is None or one.device in held)]
    arrival = {id(one): end + step.over * turn / max(len(late), 1) for turn, one in enumerate(late)}
    for one in messages:
        yield replace(one, at=_to_ms(arrival[id(one)])) if id(one) in arrival else one


def _to_ms(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def controls(plan: Plan) -> Iterator[Control]:
    """Yield what people do at the gateway."""
    for step in plan.scenario.steps:
        moment = plan.begin + step.at if isinstance(step, Care | Drill) else plan.begin
        if isinstance(step, Care):
            care = {word: _resolved(value, moment) for word, value in step.care.items()}
            for person in plan.cast[step.person].ids:
                yield Control(moment, {"person": {"id": person, "care": care}})
        elif isinstance(step, Drill):
            for device in plan.cast[step.drill].ids:
                yield Control(moment, {"drill": {"device": device, "minutes": step.minutes, "note": step.note}})


def _resolved(value: object, moment: datetime) -> object:
    if isinstance(value, dict) and set(value) == {"in"}:
        return (moment + read_span(value["in"])).isoformat(timespec="seconds")
    return value

"""Our rule on a recorded home: the real class, driven as the gateway drives it, with a virtual clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.model.event import Event
from gateway.model.judgement import Judgement, Timer
from gateway.model.person import Person
from gateway.model.registry import Device, Mounting, Place, Registry, Station
from rules.kinds.baseline import TIMER
from rules.load import CATALOG, bring_to_life, read_definition
from rules.rule import Facts
from tests.bench.care.recordings import Home, Sign

SUBJECT = "person:p"
GATEWAY = "gw"
_KINDS = {"D": ("door_contact", "door.opened"), "H": ("motion", "motion.detected"), "W": ("meter", "meter.pulse")}
_INSIDE = {"A1": "H", "A2": "W", "C": "W", "B": "H"}
_GIVEN_UP = timedelta(days=60)


class Ours:
    """The kind `baseline` for one home, with the parameters of `elder-silent` but for `rho`.

    Local time stands as if it were UTC. What is lost is told as the gateway going offline and coming back, at the
    moments it did. `aware` false: nobody tells.
    """

    def __init__(self, home: Home, rho: float, *, aware: bool = True) -> None:
        definition = read_definition(CATALOG / "elder-silent.yaml")
        params = {**definition.params, "rho": rho, "cold_s": {}}
        self._rule = bring_to_life(definition.model_copy(update={"params": params}))

        self._aware = aware
        inside = _INSIDE[home.kit]
        sensors = {sign.sensor: sign.kind if sign.kind == "D" else inside for sign in home.signs}
        self._ids = {name: f"s{number}" for number, name in enumerate(sorted(sensors))}
        devices = [Device(self._ids[name], _KINDS[kind][0], "flat", name, GATEWAY) for name, kind in sensors.items()]
        registry = Registry(
            station=Station("s", "", "UTC"),
            places=[Place("flat", "flat", "grid", "flat"), Place("hall", "building", "grid", "hall")],
            devices=[*devices, Device(GATEWAY, "gateway", "hall", "gw")],
            persons=[Person("p", "", "flat", {"lives_alone": True})],
        )
        self._kinds = {name: _KINDS[kind][1] for name, kind in sensors.items()}
        self._mountings = {one: registry.mounting(one) for one in registry.devices}
        self.heard: dict[str, datetime] = {}
        self.online: dict[str, bool] = {}
        self._facts = Facts(registry, self.heard, self.online)
        self._state: Any = None
        self._timer: datetime | None = None
        self._lost = [
            item for a, b in (home.offline if aware else []) for item in ((a, "device.offline"), (b, "device.online"))
        ]
        self._next = 0
        self._number = 0
        start = _moment(home.starts)
        self._take(self._rule.on_start(SUBJECT, start, self._facts))
        self.raised: list[datetime] = []

    def sign(self, sign: Sign) -> None:
        self._told_until(sign.at)
        data = {"direction": sign.direction} if sign.direction else {}
        self._event(self._ids[sign.sensor], self._kinds[sign.sensor], sign.at, data)

    def _told_until(self, at: float) -> None:
        while self._next < len(self._lost) and self._lost[self._next][0] <= at:
            moment, kind = self._lost[self._next]
            self._next += 1
            self._event(GATEWAY, kind, moment, {})

    def _event(self, device: str, kind: str, at: float, data: dict[str, Any]) -> None:
        ts = _moment(at)
        self._run(ts)
        if kind in {"device.online", "device.offline"}:
            self.online[device] = kind == "device.online"
        if kind != "device.offline":
            self.heard[device] = ts
        self._number += 1
        mounting: Mounting = self._mountings[device]  # type: ignore[assignment]
        event = Event.at(
            mounting, station="s", device=device, id=str(self._number), ts=ts, device_ts=ts, received_at=ts, kind=kind,
            data=data,
        )  # fmt: skip
        for subject in self._rule.keys(event):
            self._take(self._rule.on_event(event, subject, self._state, ts, self._facts))

    def _run(self, until: datetime) -> None:
        """Let timers fire."""
        while self._timer is not None and self._timer < until:
            due, self._timer = self._timer, None
            judgement = self._rule.on_timer(Timer("r", SUBJECT, TIMER, due), self._state, due, self._facts)
            self._take(judgement)
            if judgement is not None and any(verdict.action == "raise" for verdict in judgement.verdicts):
                self.raised.append(due)

    def _take(self, judgement: Judgement | None) -> None:
        if judgement is None:
            return
        if judgement.state is not None:
            self._state = judgement.state
        if TIMER in judgement.timers:
            self._timer = judgement.timers[TIMER]

    def kept(self) -> tuple[Any, datetime | None]:
        """State and timer, to live on with."""
        return self._state, self._timer

    def live_on(self, kept: tuple[Any, datetime | None]) -> None:
        """Be somebody else, where they were left."""
        self._state, self._timer = kept

    def due(self) -> float:
        """Let a copy live on with nothing but what the gateway tells."""
        kept = (self._state, self._timer, self._next, dict(self.heard), dict(self.online), self.raised, self._number)
        self.raised = []
        end = self._timer + _GIVEN_UP if self._timer is not None else None
        while end is not None and self._timer is not None and not self.raised and self._timer < end:
            step = self._timer + timedelta(milliseconds=1)
            if self._next < len(self._lost) and _moment(self._lost[self._next][0]) < step:
                self._told_until(self._lost[self._next][0])
            else:
                self._run(step)
        found = self.raised[0].timestamp() if self.raised else (end or datetime.max.replace(tzinfo=UTC)).timestamp()
        self._state, self._timer, self._next, heard, online, self.raised, self._number = kept
        self.heard.clear()
        self.heard.update(heard)
        self.online.clear()
        self.online.update(online)
        return found


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

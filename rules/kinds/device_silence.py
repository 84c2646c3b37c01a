"""`device_silence`: a device has not been heard for longer than its kind may be quiet.

Parameters: `limits_s`, seconds by device kind; `connected`, the kinds that hold a connection: while theirs lives, and
for `connected_for_s` (7 days) at most, they may be quiet; `care` true: only devices where somebody under care lives. A
device whose gateway is offline is not reported: the gateway is. A maintenance work item, never an alert: silence of a
sensor and silence of a person are different things for different people. When a device was last heard comes from the
facts (admit keeps it), so events cost this rule nothing until an item is open.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from gateway.model.event import Event
from gateway.model.judgement import Judgement, Timer
from gateway.model.registry import Device, Registry
from rules.definition import Definition
from rules.parameter import Parameter
from rules.rule import NEVER, Facts, Rule

TIMER = "silent"
#: The timer looks at least this often, so that a changed limit is noticed; a changed device is at once.
LOOK_EVERY = timedelta(hours=12)
#: How soon it looks again when a device cannot be heard because its gateway is offline.
LOOK_AGAIN = timedelta(hours=1)


class DeviceSilenceState(msgspec.Struct):
    """Since when the device is watched, and the moment an item was raised (UTC)."""

    since: datetime
    raised_at: datetime | None = None


class DeviceSilence(Rule):
    """Not heard for too long."""

    State = DeviceSilenceState
    memory = timedelta(days=30)

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        limits = definition.params["limits_s"].items()
        self.limits = {kind: Parameter(self.id, f"limits_s.{kind}", told) for kind, told in limits}
        self.believed = timedelta(seconds=float(definition.params.get("connected_for_s", 7 * 86_400)))
        self.connected = frozenset(definition.params.get("connected", ()))
        self.care = bool(definition.params.get("care", False))

    @property
    def event_kinds(self) -> Iterable[str]:
        """Anything a device says breaks its silence."""
        return self.definition.when.kinds

    def subjects(self, registry: Registry) -> Iterable[str]:
        """Return each device of a kind that has a limit."""
        return (f"device:{device.id}" for device in registry.devices.values() if self._watches(device, registry))

    def _watches(self, device: Device | None, registry: Registry) -> bool:
        if device is None or device.kind not in self.limits:
            return False
        return not self.care or any(
            registry.persons[person].care.get("lives_alone") for person in registry.persons_at(device.place)
        )

    def keys(self, event: Event) -> tuple[str, ...]:
        """Return the device that spoke. Its own farewell (last will) is not a sign of life."""
        if event.device_kind not in self.limits or event.kind == "device.offline" or (self.care and not event.persons):
            return ()
        return (f"device:{event.device}",)

    def on_start(self, subject: str, now: datetime, facts: Facts) -> Judgement | None:
        """Count from now."""
        device = facts.device(subject)
        if device is None or not self._watches(device, facts.registry):
            return None
        due = now + self._limit(device, facts)
        return Judgement(DeviceSilenceState(now), timers={TIMER: min(due, now + LOOK_EVERY)})

    def _limit(self, device: Device, facts: Facts) -> timedelta:
        return self.limits[device.kind].span(self.about(f"device:{device.id}", facts))

    def on_change(
        self, subject: str, state: DeviceSilenceState | None, now: datetime, facts: Facts
    ) -> Judgement | None:
        """Look at a changed device at once."""
        del subject, facts
        return Judgement(timers={TIMER: now}) if state is not None and state.raised_at is None else None

    def on_event(
        self, event: Event, subject: str, state: DeviceSilenceState | None, now: datetime, facts: Facts
    ) -> Judgement | None:
        """Clear an open item; otherwise leave it to the timer to look."""
        if state is None or state.raised_at is None or event.received_at <= state.raised_at:
            return None
        device = facts.device(subject)
        if device is None:
            return None
        verdict = self.verdict("clear", subject, now, facts, place=device.place, device=device.id)
        due = event.received_at + self._limit(device, facts)
        return Judgement(DeviceSilenceState(event.received_at), (verdict,), {TIMER: due})

    def on_timer(self, timer: Timer, state: DeviceSilenceState | None, now: datetime, facts: Facts) -> Judgement | None:
        """Raise when the device has been silent for its limit; else look again when it would be."""
        device = facts.device(timer.subject)
        if device is None or not self._watches(device, facts.registry):
            return Judgement(timers={TIMER: now + LOOK_EVERY})
        if state is None:
            return self.on_start(timer.subject, now, facts)
        if state.raised_at is not None:
            return None
        heard = facts.last_heard.get(device.id, NEVER)
        due = max(heard, state.since) + self._limit(device, facts)
        if due <= now and self._explained(device, now, facts):
            due = now + LOOK_AGAIN
        if due > now:
            return Judgement(timers={TIMER: min(due, now + LOOK_EVERY)})
        return self._raise(timer, state, device, heard, now, facts)

    def _explained(self, device: Device, now: datetime, facts: Facts) -> bool:
        """Whether silence means nothing: the broker would say if its connection had gone, or its gateway is away.

        Where somebody lives under care a gateway that is away excuses nothing: somebody has to look in.
        """
        # A broker that was killed cannot tell that a connection went with it: its word is not believed for ever.
        recently = now - facts.last_heard.get(device.id, NEVER) <= self.believed
        connected = device.via is None and facts.online.get(device.id, False) and recently
        if self.care:
            # One that never told its status: its quiet hours are not its death.
            return connected or device.id not in facts.online
        if device.via is not None:
            return not facts.online.get(device.via, True)
        return connected and device.kind in self.connected

    def _raise(
        self,
        timer: Timer,
        state: DeviceSilenceState,
        device: Device,
        heard: datetime,
        now: datetime,
        facts: Facts,
    ) -> Judgement:
        verdict = self.verdict(
            "raise",
            timer.subject,
            now,
            facts,
            place=device.place,
            device=device.id,
            limit=f"{self._limit(device, facts).total_seconds() / 3600:g} h",
            limit_source=self.limits[device.kind].source(timer.subject, self.about(timer.subject, facts)),
            told={"last_heard": facts.local(heard) if heard > NEVER else None, "device_kind": device.kind},
        )
        return Judgement(DeviceSilenceState(state.since, now), (verdict,))

    def tell(
        self, subject: str, state: DeviceSilenceState | None, now: datetime, facts: Facts
    ) -> tuple[bool, list[dict[str, str]]]:
        """When the device was last heard, how long it may be quiet, and whether that is explained."""
        device = facts.device(subject)
        if device is None or state is None or not self._watches(device, facts.registry):
            return False, [{"zh": "本规则不看护该设备", "en": "this rule does not watch that device"}]
        heard = facts.last_heard.get(device.id, NEVER)
        at = facts.local(heard) if heard > NEVER else "—"
        hours = self._limit(device, facts).total_seconds() / 3600
        lines = [
            {
                "zh": f"最后一次听到：{at}（允许静默 {hours:g} 小时）",
                "en": f"last heard at {at}; it may be quiet for {hours:g} h",
            }
        ]
        if self._explained(device, now, facts):
            lines.append(
                {
                    "zh": "静默有原因：连接仍在，或其网关离线",
                    "en": "its silence is explained: its connection lives, or its gateway is offline",
                }
            )
        return state.raised_at is not None, lines

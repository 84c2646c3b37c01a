"""The watchdog: a P1 of the gateway's own travels the whole road every few minutes, and is missed when it is late.

Out through the broker like any device's press, admitted, stored, judged, routed, through the outbox and the delivery
loop to a channel that takes it back. It rings nobody, is no incident and is not shown among alerts.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable

import structlog

from gateway.clock import Clock, monotonic
from gateway.model.judgement import Verdict
from gateway.model.ports import Message, Outcome
from gateway.model.registry import ROAD_DEVICE
from gateway.own_alerts import road_late_verdict
from gateway.telling.tell import PROBE

log = structlog.get_logger()

#: The first probe waits until everything is up.
FIRST_AFTER_S = 10.0


class Watchdog:
    """Sends probes and waits for them. Also the channel at the end of their way."""

    name = PROBE
    receipts = False
    rate_per_min: int | None = None

    def __init__(  # one argument per thing it needs
        self,
        station: str,
        clock: Clock,
        *,
        every_s: float,
        late_after_s: float,
        publish: Callable[[str, bytes], None],
        say: Callable[[Verdict], None],
    ) -> None:
        self._topic = f"anxin/v1/{station}/{ROAD_DEVICE}/alarm"
        self._clock, self._every_s, self._late_after_s = clock, every_s, late_after_s
        self._publish, self._say = publish, say
        self._lock = threading.Lock()
        self._due = monotonic() + FIRST_AFTER_S
        #: The probe under way: its name and when it left (monotonic seconds).
        self._under_way: tuple[str, float] | None = None
        self._began = monotonic()
        self._arrived: tuple[float, float] | None = None
        self.late = False

    def look(self) -> None:
        """Send the next probe when it is time, and notice one that does not arrive. Called about once a second."""
        if not self._every_s:
            return
        now = monotonic()
        with self._lock:
            missed = self._under_way is not None and now - self._under_way[1] > self._late_after_s and not self.late
            if missed:
                self.late = True
            due = now >= self._due and (self._under_way is None or self.late)  # one at a time
            if due:
                self._due = now + (self._late_after_s if self.late else self._every_s)
        if missed:
            log.error("a probe did not come through the road", stop="watchdog", late_after_s=self._late_after_s)
            self._say(road_late_verdict("raise", self._late_after_s, self._clock.now()))
        if due:
            if self.late:  # still: it sounds again like any alert that goes on
                self._say(road_late_verdict("raise", self._late_after_s, self._clock.now()))
            self._send()

    def _send(self) -> None:
        name = secrets.token_hex(6)
        with self._lock:
            if self._under_way is None or not self.late:
                self._under_way = (name, monotonic())
            else:
                self._under_way = (name, self._under_way[1])  # late since the first that was missed
        # A probe that never came back must not keep the next one from sounding.
        self._tell("alarm.reset", f"{name}-before")
        self._tell("alarm.pressed", name)

    def _tell(self, kind: str, name: str) -> None:
        told = {"id": f"{kind}-{name}", "ts": self._clock.now().isoformat(), "kind": kind, "data": {"probe": name}}
        self._publish(self._topic, json.dumps(told).encode())

    async def send(self, message: Message) -> Outcome:
        """Take a probe at the end of its way."""
        name = message.body.get("probe")
        with self._lock:
            if self._under_way is None or self._under_way[0] != name:
                return Outcome("accepted", "a probe of an earlier start")
            took = monotonic() - self._under_way[1]
            was_late, self.late, self._under_way = self.late, False, None
            first, self._arrived = self._arrived is None, (monotonic(), took)
            self._due = monotonic() + self._every_s
        self._tell("alarm.reset", str(name))
        if was_late:
            log.warning("probes come through the road again", stop="watchdog", took_s=round(took, 3))
        if was_late or first:  # the first of this start, too: the process that missed one may be gone
            self._say(road_late_verdict("clear", self._late_after_s, self._clock.now()))
        return Outcome("accepted", f"after {took * 1000:.0f} ms")

    async def close(self) -> None:
        """Nothing to let go of."""

    def facts(self) -> dict[str, object]:
        """How it is: whether a probe is missed, how long ago the last one arrived, and how long it took (seconds)."""
        with self._lock:
            since = monotonic() - (self._arrived[0] if self._arrived is not None else self._began)
            return {
                "every_s": self._every_s,
                "late": self.late,
                "age_s": round(since, 1) if self._every_s else None,
                "took_s": round(self._arrived[1], 4) if self._arrived is not None else None,
            }

"""What travels the road together: one transaction's worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.alert import Alert
from gateway.model.device_health import Health
from gateway.model.event import DeadLetter, Event
from gateway.model.incident import Incident
from gateway.model.judgement import Timer, Verdict
from gateway.model.ports import Delivery
from gateway.store.changes import Change

if TYPE_CHECKING:
    from gateway.activation import Switch


class Mode(Enum):
    """How the road is driven.

    LIVE: by the clock; timers fire behind the horizon. HISTORY: stored or back-filled events by a virtual clock, timers
    fire between them in due order, nobody is told. REHEARSAL: the same, and people are told.
    """

    LIVE = "live"
    HISTORY = "history"
    REHEARSAL = "rehearsal"


class Freight(NamedTuple):
    """What is to travel in one transaction: one sort at a time."""

    deliveries: Sequence[Delivery] = ()
    #: (rule, subject) pairs to meet for the first time.
    starts: Sequence[tuple[str, str]] = ()
    timers: Sequence[Timer] = ()
    #: (rule, subject) pairs of which the registry has something new to say.
    changes: Sequence[tuple[str, str]] = ()
    #: The system's own: they travel from lifecycle on.
    verdicts: Sequence[Verdict] = ()
    #: Versions of rules that run from here on.
    switches: Sequence[Switch] = ()
    #: Alerts (ids) whose reason to be quiet may be over.
    ripe: Sequence[int] = ()
    #: Subjects that left the registry.
    departed: Sequence[str] = ()

    def halves(self) -> tuple[Freight, Freight] | None:
        """Return two halves, or None when there is but one thing."""
        for name, part in self._asdict().items():
            if len(part) > 1:
                middle = len(part) // 2
                return Freight(**{name: part[:middle]}), Freight(**{name: part[middle:]})
        return None

    @property
    def rule(self) -> str | None:
        """The rule that a single timer, start or change is about."""
        if self.timers:
            return self.timers[0].rule
        return next((rule for rule, _ in (*self.starts, *self.changes)), None)


class Turn(Enum):
    """What became of an alert."""

    RAISED = "raised"
    SOUNDED = "sounded again"
    EXTENDED = "extended"
    CLEARED = "cleared"
    RETRACTED = "retracted"


@dataclass
class AlertTurn:
    """One alert as it stands at the end of the batch, and the most telling thing that happened to it.

    `at` is when it happened; `sounds` says whether people must be told; `suppressed_by` why not, when it would have
    sounded.
    """

    alert: Alert
    turn: Turn
    at: datetime
    sounds: bool = False
    suppressed_by: str | None = None
    #: lifecycle: the alert before it sounded; None when it is new, or did not sound.
    before: Alert | None = None
    #: suppress: in a flood it joins, silently, the incident of this alert (its id).
    fold: bool = False
    fold_into: int | None = None
    #: route: the incident people were told of, and whom (user names).
    incident: int | None = None
    told: list[str] = field(default_factory=list)


@dataclass
class Batch:
    """What stops hand on to each other. Each stop reads what those before it filled in."""

    connection: Connection[TupleRow]
    #: The time of the batch; in a virtual mode its end, and timers due before it fire within it.
    now: datetime
    mode: Mode = Mode.LIVE
    #: What travels, as `Freight` says.
    deliveries: Sequence[Delivery] = ()
    starts: Sequence[tuple[str, str]] = ()
    timers: Sequence[Timer] = ()
    changes: Sequence[tuple[str, str]] = ()
    given: Sequence[Verdict] = ()
    switches: Sequence[Switch] = ()
    ripe: Sequence[int] = ()
    departed: Sequence[str] = ()
    #: admit → store: candidates; after store: only those never seen before.
    events: list[Event] = field(default_factory=list)
    #: The delivery each of `events` came in, by the same position, as admit left them.
    origins: list[Delivery] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    duplicates: int = 0
    #: What told only that all is as it was, or a state that makes no event, as events without a kind: signs of life.
    unchanged: list[Event] = field(default_factory=list)
    #: What the events say of their devices' health, by device, when judge folds it in (virtual modes).
    heard: dict[str, Health] = field(default_factory=dict)
    #: judge → lifecycle
    verdicts: list[Verdict] = field(default_factory=list)
    #: When each of `verdicts` was reached, by the same position; empty in live mode, where that is `now`.
    moments: list[datetime] = field(default_factory=list)
    #: lifecycle → suppress → route
    turns: list[AlertTurn] = field(default_factory=list)
    #: route → the change log
    incidents: dict[int, Incident] = field(default_factory=dict)
    #: suppress → the change log: a flood begins or ends
    news: list[Change] = field(default_factory=list)

    def hear(self, heard: Mapping[str, Health]) -> None:
        """Add what was learnt of devices' health; a later word without a status does not undo an earlier one."""
        for device, health in heard.items():
            before = self.heard.get(device)
            if before is not None and health.online is None:
                health.online, health.battery = (
                    before.online,
                    before.battery if health.battery is None else health.battery,
                )
            self.heard[device] = health

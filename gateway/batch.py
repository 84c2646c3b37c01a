"""What travels the road together: one transaction's worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.alert import Alert
from gateway.model.event import DeadLetter, Event
from gateway.model.incident import Incident
from gateway.model.judgement import Timer, Verdict
from gateway.model.ports import Delivery


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

    `sounds` says whether people must be told; `suppressed_by` why not, when it would have sounded.
    """

    alert: Alert
    turn: Turn
    sounds: bool = False
    suppressed_by: str | None = None


@dataclass
class Batch:
    """What stops hand on to each other. Each stop reads what those before it filled in."""

    connection: Connection[TupleRow]
    now: datetime
    deliveries: Sequence[Delivery] = ()
    #: (rule, subject) pairs to meet for the first time.
    starts: Sequence[tuple[str, str]] = ()
    timers: Sequence[Timer] = ()
    #: admit → store: candidates; after store: only those never seen before.
    events: list[Event] = field(default_factory=list)
    #: The delivery each of `events` came in, by the same position, as admit left them.
    origins: list[Delivery] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    duplicates: int = 0
    #: judge → lifecycle
    verdicts: list[Verdict] = field(default_factory=list)
    #: lifecycle → suppress → route
    turns: list[AlertTurn] = field(default_factory=list)
    #: route → the change log
    incidents: dict[int, Incident] = field(default_factory=dict)

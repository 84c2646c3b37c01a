"""What a rule concludes: verdicts with explanations, and the state and timers it wants kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

Action = Literal["raise", "extend", "clear", "retract"]
Stream = Literal["alert", "work_item", "probe"]
Priority = Literal["P1", "P2", "P3", "P4"]


class Explanation(msgspec.Struct, frozen=True):
    """Why a rule said what it said: structured facts first, sentences made from them.

    `limit` is what was exceeded and `limit_source` where that limit came from; `prevented_by` says what would
    have kept the rule quiet. `summary` holds one sentence per language (`zh`, `en`).
    """

    rule: str
    version: int
    summary: dict[str, str]
    facts: dict[str, Any]
    limit: str | None = None
    limit_source: str | None = None
    prevented_by: dict[str, str] = {}


class Verdict(msgspec.Struct, frozen=True):
    """One conclusion of one rule about one subject.

    `at` is event time (UTC). `occurrence` says that each raise is an act of its own (a press), which sounds again
    after it was acknowledged, and not more of the same. `events` are references (`device/id`) of the events that
    counted, newest last.
    """

    action: Action
    rule: str
    subject: str
    at: datetime
    explanation: Explanation
    priority: Priority
    stream: Stream = "alert"
    latch: bool = False
    occurrence: bool = False
    place: str | None = None
    device: str | None = None
    person: str | None = None
    events: tuple[str, ...] = ()


class Judgement(msgspec.Struct, frozen=True):
    """What a rule wants after one event, timer or start.

    `state` replaces the subject's state (None keeps what was). `timers` maps a timer's name to the moment it is
    due (UTC), or to None to take it back; names that are absent stay as they were.
    """

    state: Any = None
    verdicts: tuple[Verdict, ...] = ()
    timers: Mapping[str, datetime | None] = {}


class Trace(msgspec.Struct, frozen=True):
    """What a rule makes of one subject: whether what it watches for stands, and why (not), in both languages."""

    standing: bool
    lines: list[dict[str, str]]


class Timer(msgspec.Struct, frozen=True):
    """A wake-up a rule asked for."""

    rule: str
    subject: str
    name: str
    due_at: datetime

"""What a station may set of how people are told and how fast they answer, with the defaults a new station has.

One document: the site file's `policy`, `/api/v1/policy`, and part of the registry's snapshot, so that the road and the
ladder read one and the same. What it leaves out is as here.
"""

from __future__ import annotations

from typing import Literal

import msgspec

#: Whom a rung calls: those on duty for the place as that, or everybody of the station who can be reached.
Who = Literal["officer", "deputy", "guard", "commander", "leader", "station"]
#: How: `push` is whatever shows a message on a phone (the phone channel, web push, WeCom, MQTT), then text and voice.
By = Literal["push", "sms", "voice"]
Priority = Literal["P1", "P2", "P3", "P4"]


class Rung(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rung: so many seconds after the alert sounded, these are called by these ways."""

    after_s: float
    who: tuple[Who, ...]
    by: tuple[By, ...] = ("push",)


class Ladder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is called, and when, until a responder signs. Without `area` it is the station's.

    `expires_after_s`: nobody has signed by then; that is said loudly and the ladder ends. None: it never does.
    """

    priority: Priority
    rungs: tuple[Rung, ...]
    area: str | None = None
    expires_after_s: float | None = None


class Flood(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When P3 and P4 are folded into one digest per place and rule (ISA-18.2's figures). P1 and P2 never are."""

    begins_above: int = 10
    ends_below: int = 5
    window_s: float = 600
    digest_every_s: float = 300


class Chatter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An alert that comes and goes `turns` times within `within_s` is quiet until it has been calm for `calm_s`."""

    turns: int = 3
    within_s: float = 60
    calm_s: float = 600


class Shelving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long an alert may be shelved: a shift at most."""

    longest_s: float = 8 * 3600


#: Within how many seconds a state is to be left, by priority. What is missing has no deadline.
#: Sources: 911 and NFPA 1225 answering times, published Chinese 110 bulletins (sign 30-180 s, depart 5 min, feedback
#: 30 min), a city's 110 rules (arrival 5 min in town, 10 in the suburbs).
DEADLINES: dict[str, dict[str, float]] = {
    "P1": {
        "new": 15, "acknowledged": 60, "dispatched": 30, "reopened": 60, "signed": 120, "departed": 300,
        "on_scene": 1800, "handled": 86_400,
    },
    "P2": {
        "new": 60, "acknowledged": 180, "dispatched": 120, "reopened": 180, "signed": 300, "departed": 600,
        "on_scene": 3600, "handled": 86_400,
    },
    "P3": {
        "new": 900, "acknowledged": 1800, "dispatched": 900, "reopened": 1800, "signed": 1800, "departed": 3600,
        "on_scene": 14_400, "handled": 259_200,
    },
    "P4": {"new": 28_800, "handled": 604_800},
}  # fmt: skip

RECEIPTS: dict[str, float] = {"P1": 15, "P2": 60, "P3": 600, "P4": 3600}
BUCKETS: dict[str, list[float]] = {
    "sign": [30, 60, 120, 180],
    "depart": [300, 600, 900, 1800],
    "feedback": [1800, 3600, 7200, 14_400],
}

LADDERS: tuple[Ladder, ...] = (
    Ladder(
        "P1",
        (
            Rung(0, ("officer", "deputy", "guard")),
            Rung(30, ("officer", "deputy", "guard"), ("push", "voice")),
            Rung(60, ("officer", "deputy"), ("sms",)),
            Rung(120, ("commander",), ("push", "voice")),
            Rung(180, ("leader",), ("push", "voice", "sms")),
            Rung(240, ("station",), ("push", "voice")),
        ),
        expires_after_s=600,
    ),
    Ladder(
        "P2",
        (
            Rung(0, ("officer", "guard")),
            Rung(120, ("officer", "deputy")),
            Rung(300, ("officer", "deputy"), ("push", "sms")),
            Rung(900, ("commander",), ("push", "voice")),
        ),
        expires_after_s=3600,
    ),
    Ladder("P3", (Rung(0, ("officer",)),)),
    Ladder("P4", (Rung(0, ("officer",)),)),
)


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A station's policy. Durations are seconds."""

    ladders: tuple[Ladder, ...] = LADDERS
    deadlines: dict[str, dict[str, float]] = msgspec.field(default_factory=lambda: dict(DEADLINES))
    #: 催办 when a deadline has passed; 督办, to the commander, when so many times the deadline has.
    supervised_after: float = 2.0
    #: An alert joins an incident of the same category at the same place, or about the same person, this young.
    join_within_s: float = 1800
    #: By priority: when a channel that gives receipts has given none by then, the next way to the person is tried.
    receipt_within_s: dict[str, float] = msgspec.field(default_factory=lambda: dict(RECEIPTS))
    #: P3 and P4 wait until the end of these hours (station's time), like `22:00-06:30`; empty: none.
    quiet_hours: str = ""
    flood: Flood = Flood()
    chatter: Chatter = Chatter()
    shelving: Shelving = Shelving()
    #: The statistics' buckets, upper edges in seconds: sign-in, departure, feedback (a published 110 bulletin's).
    buckets: dict[str, list[float]] = msgspec.field(default_factory=lambda: dict(BUCKETS))

    def ladder(self, priority: str, areas: list[str]) -> Ladder:
        """The ladder of a priority for an area, given with those above it, nearest first; else the station's.

        One without rungs, however it came to be there, is none: somebody is called.
        """
        mine = [ladder for ladder in (*self.ladders, *LADDERS) if ladder.priority == priority and ladder.rungs]
        for area in areas:
            for ladder in mine:
                if ladder.area == area:
                    return ladder
        return next(ladder for ladder in mine if ladder.area is None)

    def deadline(self, priority: str, state: str) -> float | None:
        """Within how many seconds an incident is to leave a state; None: it has no deadline there."""
        return self.deadlines.get(priority, DEADLINES[priority]).get(state)

"""The policy, as `gateway.model.policy` has it. Durations are seconds."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.answers.documented import Answer
from api.answers.words import Priority
from gateway.model.policy import By, Who


class PolicyRung(Answer):
    """So many seconds after the alert sounded, these are called by these ways."""

    after_s: float
    who: list[Who]
    by: list[By]


class PolicyLadder(Answer):
    """Who is called, and when, until a responder signs."""

    priority: Priority
    rungs: list[PolicyRung]
    area: str | None = Field(description="null: the station's")
    expires_after_s: float | None = Field(description="null: it never does")


class FloodPolicy(Answer):
    """When P3 and P4 are folded into digests."""

    begins_above: int
    ends_below: int
    window_s: float
    digest_every_s: float


class ChatterPolicy(Answer):
    """When an alert that comes and goes is kept quiet."""

    turns: int
    within_s: float
    calm_s: float


class ShelvingPolicy(Answer):
    """How long an alert may be shelved."""

    longest_s: float


class Policy(Answer):
    """How people are told and how fast they answer."""

    ladders: list[PolicyLadder]
    deadlines: dict[str, dict[str, float]] = Field(description="seconds by priority and state; missing: none")
    supervised_after: float = Field(description="so many times the deadline until the commander is told")
    join_within_s: float
    receipt_within_s: dict[str, float] = Field(description="seconds by priority")
    quiet_hours: str = Field(description="`22:00-06:30` by the station's clock; '': none")
    flood: FloodPolicy
    chatter: ChatterPolicy
    shelving: ShelvingPolicy
    buckets: dict[str, list[float]] = Field(description="upper edges in seconds, by clock")


class PolicySet(Answer):
    """The policy that was set, and what is other than before."""

    policy: Policy
    changed: dict[str, tuple[Any, Any]] = Field(description="before and after, by part")

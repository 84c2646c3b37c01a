"""Versions of a rule, what was asked for, and why it does or does not ring."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.answers.alerts import Alert
from api.answers.documented import Answer, Said
from api.answers.registry import RuleDefinition


class RuleVersion(Answer):
    """A version of a rule."""

    version: int
    digest: str = Field(description="what the definition is known by: the same words are the same version")
    definition: RuleDefinition
    tests: str | None = Field(description="what it was tried by, YAML; null when it was written before tests were kept")
    active: bool
    published_at: datetime


class Activation(Answer):
    """What was asked for of a rule, and what came of it."""

    id: int
    version: int | None = Field(description="null: the rule is to run no more")
    asked_by: str
    asked_at: datetime
    reason: str
    backtest: int | None
    state: Literal["asked", "learning", "done", "failed"]
    detail: dict[str, Any] = Field(description="how far it is, or why it failed")
    ended_at: datetime | None


class RuleWhole(Answer):
    """A rule: its versions, the newest first, and what was asked for, the latest first."""

    id: str
    runs: int | None = Field(description="the version that runs; null: none")
    versions: list[RuleVersion]
    activations: list[Activation]


class VersionWritten(Answer):
    """A version that was written down."""

    id: str
    version: int


class ActivationAsked(Answer):
    """What was asked for of a rule: a version to run, or none."""

    id: str
    version: int | None = Field(description="null: the rule is to run no more")
    activation: int


class TracedEvent(Answer):
    """An event at the subject, and the conditions that refused it."""

    event: str = Field(description="`device/id`")
    kind: str
    ts: datetime
    refused_by: list[str]


class RuleTrace(Answer):
    """What a rule makes of one subject just now."""

    rule: str
    version: int
    subject: str
    at: datetime
    stands: bool
    lines: list[Said]
    timers: dict[str, datetime] = Field(description="when each is due, by name")
    alert: Alert | None
    events: list[TracedEvent]

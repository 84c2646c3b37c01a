"""Errors, as `api.problems` says them."""

from __future__ import annotations

from datetime import datetime

from pydantic import ConfigDict, Field

from api.answers.documented import Answer, absent
from api.answers.words import IncidentState, Line


class Complaint(Answer):
    """What is wrong with one field of a request."""

    where: str = Field(description="`body.minutes`, `query.limit`, …")
    what: str


class Problem(Answer):
    """What went wrong, and what to do (RFC 9457). Other fields are facts of the reason that `type` names."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="`urn:anxin:problem:<reason>`: the reason is a stable word")
    title: str
    status: int
    detail: str = Field(description="a sentence that says what to do")
    by: str = absent("409: who did what was done instead, by user name")
    act: Line = absent("409: what they did")
    at: datetime = absent("409: when")
    state: IncidentState = absent("409: how it stands now")
    version: int = absent("409: its version now")
    merged_into: int = absent("409: the incident it has become part of")
    errors: list[Complaint] = absent("422: one by one")
    failing: list[str] = absent("503 of `/readyz`: reasons, in words that stay")
    degraded: list[str] = absent("503 of `/readyz`: what ails around it and makes nothing unready")

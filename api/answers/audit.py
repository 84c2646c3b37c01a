"""The audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from api.answers.documented import Answer


class AuditLine(Answer):
    """Who did or saw what, and when."""

    id: int
    at: datetime
    username: str | None
    act: str = Field(description="a word with dots: `incident.sign`, `person.reveal`, …")
    object: str | None = Field(description="`incident/7`, `person/p-1`, …")
    detail: dict[str, Any] = Field(description="what the act says of itself; people's own words only for the auditor")


class AuditPage(Answer):
    """A page of the audit trail, newest first."""

    items: list[AuditLine]
    next: int | None = Field(description="`before` of the following page")

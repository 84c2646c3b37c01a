"""Whether it is alive and ready."""

from __future__ import annotations

from typing import Literal

from api.answers.documented import Answer, absent


class Alive(Answer):
    """This process runs."""

    status: Literal["ok"]


class Ready(Answer):
    """A press now would ring; `degraded` is what ails around it."""

    status: Literal["ready"]
    degraded: list[str] = absent()

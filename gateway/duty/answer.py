"""Who answers here now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from gateway.model.duty import DutyAs
from gateway.model.registry import Registry


class Answer(msgspec.Struct, frozen=True):
    """Somebody who answers, as what, and why them."""

    user: str
    duty_as: DutyAs
    why: dict[str, Any]


def who_answers(registry: Registry, place: str | None, area: str | None, moment: datetime) -> list[Answer]:  # noqa: ARG001
    """Return who answers for a place or an area at a moment, the nearest area first."""
    found: list[Answer] = []
    for above in registry.areas_above(registry.area_of(place) or area):
        duty = registry.duties.get(above)
        for duty_as in ("officer", "deputy", "commander", "leader"):
            user = getattr(duty, duty_as) if duty is not None else None
            if user is not None:
                found.append(Answer(user, duty_as, {"code": "standing", "area": above}))
    return found

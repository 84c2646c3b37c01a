"""The care profile of a person: what a rule could not work with is told where it is written, not where it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

#: A month: a limit beyond it watches nobody.
MOST_S = 31 * 86_400
#: An absence beyond this year is a mistake.
LATEST_YEAR = 2100
#: Who may speak for a person.
SPEAKERS = ("self", "guardian", "relative")


def complaints(care: Mapping[str, Any]) -> Iterator[str]:
    """Say what cannot work in a care profile, its `consent` of a site file included."""
    limit = care.get("silence_limit_s")
    if limit is not None and (
        isinstance(limit, bool) or not isinstance(limit, int | float) or not 1 <= limit <= MOST_S
    ):
        yield f"silence_limit_s: {limit!r} is no number of seconds up to {MOST_S}"
    away = care.get("away_until")
    if away is not None:
        try:
            offset = datetime.fromisoformat(away).tzinfo
        except (TypeError, ValueError):
            offset = None
        if offset is not None and datetime.fromisoformat(away).year > LATEST_YEAR:
            yield f"away_until: {away!r} is not meant; write until when, or leave the person out of the file"
        if offset is None:
            yield f'away_until: {away!r} is no quoted time with an offset, like "2026-12-01T08:00:00+08:00"'
    yield from _consent_complaints(care.get("consent"))


def _consent_complaints(told: object) -> Iterator[str]:
    if told is None or isinstance(told, bool):
        return
    form = "{given: 2026-05-01, by: self}, {withdrawn: 2026-05-01, by: self}, true or false"
    if not isinstance(told, dict) or set(told) not in ({"given", "by"}, {"withdrawn", "by"}):
        yield f"consent: {told!r} is none of {form}"
        return
    if told["by"] not in SPEAKERS:
        yield f"consent: by {told['by']!r} is none of {', '.join(SPEAKERS)}"
    if day_of(told) is None:
        yield f"consent: write a day, as in {form}"


def day_of(consent: Mapping[str, Any]) -> date | None:
    """The day a site file names for a consent or its withdrawal; None when it cannot be read."""
    told = consent.get("given", consent.get("withdrawn"))
    if isinstance(told, str):
        try:
            return date.fromisoformat(told)
        except ValueError:
            return None
    return told if isinstance(told, date) and not isinstance(told, datetime) else None

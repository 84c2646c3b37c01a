"""What is kept how long, and what would go now: the dry run asks what the deletion asks, and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.keeping_times import BOUNDS
from gateway.settings import Settings
from gateway.store import retention, upkeep

#: Who may ask: numbers only, of the whole station.
ROLES = frozenset({"commander", "auditor", "admin"})
#: How often the gateway looks.
EVERY = timedelta(hours=6)
#: By which settings a class goes, and its lesser part; events apart, which go by the day.
SETTINGS: Mapping[str, tuple[str, str]] = {
    "media": ("media_keep_days", "media_keep_days"),
    "incidents": ("records_keep_days", "lesser_keep_days"),
    "alerts": ("records_keep_days", "lesser_keep_days"),
    "bulletins": ("records_keep_days", "records_keep_days"),
    "rounds": ("lesser_keep_days", "lesser_keep_days"),
    "audit": ("audit_keep_days", "audit_keep_days"),
    "consent": ("consent_keep_days", "consent_keep_days"),
}


class Kept(NamedTuple):
    """A class: its setting in days with its bounds, and how what there is stands to it at that moment.

    `goes`: how many are due, of which at most `at_once` go each time (None: all). `stays`: how many are past their time
    and stay all the same, by the first reason that applies. `young`: how many are within their time, None where nobody
    counts. `oldest`: from when the oldest counts that stays.
    """

    name: str
    setting: str
    days: float
    floor: int
    ceiling: int
    before: datetime
    goes: int
    at_once: int | None
    stays: dict[str, int]
    young: int | None
    oldest: datetime | None


class Look(NamedTuple):
    """All classes at a moment; when the gateway looked last, and when it looks next as far as that is known."""

    at: datetime
    classes: list[Kept]
    last: datetime | None
    next: datetime | None


def before(settings: Settings, setting: str, now: datetime) -> datetime:
    """Return before when things go that are kept by this setting."""
    return now - timedelta(days=getattr(settings, setting))


def look(connection: Connection[TupleRow], settings: Settings, now: datetime) -> Look:
    """Return what would go at `now` and what would stay. From here on the transaction can do nothing but read."""
    retention.only_read(connection)
    goes, oldest = upkeep.look_at_events(connection, before(settings, "store_keep_days", now))
    events = _kept(settings, "events", "store_keep_days", now)._replace(goes=goes, oldest=oldest, young=None)
    last = retention.last_turn(connection, settings.station)
    # A clock that runs fast does not say when the machine's own wakes the gateway.
    following = last + EVERY if last is not None and settings.clock is None else None
    classes = [events, *(one for what in SETTINGS for one in _parts(connection, settings, what, now))]
    return Look(now, classes, last, following)


def _parts(connection: Connection[TupleRow], settings: Settings, what: str, now: datetime) -> Iterator[Kept]:
    """A class, and its lesser part after it where that has a setting of its own."""
    older, lesser = (before(settings, setting, now) for setting in SETTINGS[what])
    standings = retention.look(connection, settings.station, what, older=older, lesser=lesser, now=now)
    for is_lesser, setting in enumerate(dict.fromkeys(SETTINGS[what])):
        kept = _kept(settings, f"{what}_lesser" if is_lesser else what, setting, now)
        mine = [one for one in standings if one.is_lesser == bool(is_lesser) or len(set(SETTINGS[what])) == 1]
        counts = {one.standing: one.how_many for one in mine}
        yield kept._replace(
            goes=counts.pop("goes", 0),
            young=counts.pop("young", 0),
            at_once=retention.AT_ONCE if what in retention.BY_PORTIONS else None,
            stays=counts,
            oldest=min((one.oldest for one in mine if one.oldest and one.standing != "goes"), default=None),
        )


def _kept(settings: Settings, name: str, setting: str, now: datetime) -> Kept:
    bounds = BOUNDS[setting]
    return Kept(
        name, f"ANXIN_{setting.upper()}", getattr(settings, setting), bounds.floor, bounds.ceiling,
        before(settings, setting, now), 0, None, {}, None, None,
    )  # fmt: skip

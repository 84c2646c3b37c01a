"""Can this phone be reached now? A test on request, a silent one before each shift, and what is said of a contact gone.

A contact is `reached` when a receipt came from it within a day, `unconfirmed` when its provider took a message and
tells no more, or when it is one that nobody rings only to try it; otherwise it is `silent`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.duty.roster import answering, starting_between
from gateway.model.contact import WAYS
from gateway.model.judgement import Action, Explanation, Verdict
from gateway.model.registry import Registry
from gateway.own_alerts import CONTACT_GONE, OFFICER_UNREACHABLE
from gateway.stops.route import SYSTEM
from gateway.store import accounts, contacts, outbox
from gateway.store.outbox import Notification

log = structlog.get_logger()

#: A test is of use only now.
TEST_LIVES = timedelta(minutes=5)
#: Reached within so long counts.
FRESH = timedelta(hours=24)
#: Whose shift begins within so long is tried.
AHEAD = timedelta(minutes=30)
#: So long a silent test may take until it is believed to have failed.
PATIENCE = timedelta(minutes=3)
#: Nobody is rung up or sent a text only to see whether it works.
SILENT = frozenset(WAYS["push"])
Reach = Literal["reached", "unconfirmed", "silent"]
_RANK: tuple[Reach, ...] = ("reached", "unconfirmed", "silent")


class Reachable(msgspec.Struct, frozen=True):
    """How a user can be reached: the best of their contacts. `contacts` without addresses."""

    user: str
    reach: Reach
    contacts: list[dict[str, Any]]


def try_contact(  # one keyword per fact
    connection: Connection[TupleRow],
    station: str,
    username: str,
    contact: int,
    channel: str,
    *,
    occasion: str,
    now: datetime,
    silent: bool = False,
) -> int:
    """Send a test to one contact and return the message's id; the same occasion again is the same test."""
    contacts.tested(connection, contact, now)
    notification = Notification(
        station=station, key=f"test:{station}:{occasion}:{contact}:{username}", channel=channel, recipient="",
        priority="P3", purpose="test", username=username, contact=contact,
        body={
            "title": {"zh": "测试消息", "en": "Test message"},
            "body": {"zh": "这部手机收得到平安网关的消息", "en": "This phone can be reached by Anxin"},
            "incident": None, "alert": None, "rung": None, "drill": False, "silent": silent, "url": "/m",
            "ttl_s": int(TEST_LIVES.total_seconds()),
        },
    )  # fmt: skip
    return outbox.enqueue(connection, notification, now, TEST_LIVES)


def contact_gone(
    connection: Connection[TupleRow], station: str, contact: int, why: str, *, running: Collection[str], now: datetime
) -> bool:
    """Retire a contact whose provider says that it is gone; the user is told on another one.

    Returns False when they have no other, so that somebody else has to tell them.
    """
    retired = contacts.retire(connection, station, contact, f"the provider says that it is gone: {why}"[:300])
    if retired is None:
        return True
    username, channel = retired
    accounts.write_audit(
        connection, at=now, station=station, username=SYSTEM, act="contact.gone", object_=f"contact/{contact}",
        detail={"user": username, "channel": channel, "why": why[:300]},
    )  # fmt: skip
    log.warning("a contact is gone and was retired", stop="deliver", contact=contact, channel=channel)
    others = [one for one in contacts.active_of(connection, station, username) if one.channel in running]
    for other in others[:1]:
        notification = Notification(
            station=station, key=f"gone:{station}:{contact}:{other.id}:{username}", channel=other.channel, recipient="",
            priority="P3", purpose="contact", username=username, contact=other.id,
            body={
                "title": {"zh": "您的一个接收方式已失效", "en": "One of your contacts is gone"},
                "body": {
                    "zh": f"{channel} 收不到消息了，请登录后重新登记",
                    "en": f"{channel} takes no more messages; log in and register it again",
                },
                "incident": None, "alert": None, "rung": None, "drill": False, "url": "/m",
                "ttl_s": int(timedelta(hours=8).total_seconds()),
            },
        )  # fmt: skip
        outbox.enqueue(connection, notification, now, timedelta(hours=8))
    return bool(others)


def reach_of(
    connection: Connection[TupleRow], station: str, usernames: Iterable[str], now: datetime
) -> dict[str, Reachable]:
    """Return how each of these users can be reached."""
    found: dict[str, list[dict[str, Any]]] = {username: [] for username in usernames}
    for row in contacts.reach(connection, station, list(found), now - FRESH):
        found[row.pop("username")].append({**row, "reach": _judged(row, now)})
    return {
        username: Reachable(
            username,
            min((row["reach"] for row in rows), key=_RANK.index, default="silent"),
            [{name: value for name, value in row.items() if name != "unconfirmed"} for row in rows],
        )
        for username, rows in found.items()
    }


def _judged(row: dict[str, Any], now: datetime) -> Reach:
    if row["reached_at"] is not None and row["reached_at"] > now - FRESH:
        return "reached"
    return "unconfirmed" if row["unconfirmed"] or row["channel"] not in SILENT else "silent"


class ShiftCheck:
    """Looks, before each shift, whether those who come can be reached. Rows remember what was tried; not this."""

    def __init__(self, station: str) -> None:
        self._station = station
        #: Of whom it has been said that they cannot be reached.
        self._said: set[str] = set()

    def look(self, connection: Connection[TupleRow], registry: Registry, now: datetime) -> list[Verdict]:
        """Try everybody whose shift begins soon, within the caller's transaction; returns what is to be said."""
        coming = starting(registry, now - AHEAD, now + AHEAD)
        for username, begins in coming.items():
            if begins <= now:
                continue
            for contact in contacts.active_of(connection, self._station, username):
                if contact.channel in SILENT:
                    self._try_once(connection, username, contact.id, contact.channel, begins, now)
        found = reach_of(connection, self._station, {*coming, *self._said}, now)
        verdicts: list[Verdict] = []
        for username, reachable in found.items():
            if reachable.reach != "silent":
                if username in self._said:
                    verdicts.append(unreachable_verdict("clear", username, None, now))
                    self._said.discard(username)
            elif username not in self._said and _tests_are_over(reachable, now):
                verdicts.append(unreachable_verdict("raise", username, coming.get(username), now))
                self._said.add(username)
        return verdicts

    def _try_once(
        self, connection: Connection[TupleRow], username: str, contact: int, channel: str, begins: datetime,
        now: datetime,
    ) -> None:  # fmt: skip
        occasion = f"shift:{begins.isoformat()}"
        if not outbox.is_known(connection, f"test:{self._station}:{occasion}:{contact}:{username}"):
            try_contact(connection, self._station, username, contact, channel, occasion=occasion, now=now, silent=True)


def on_duty(registry: Registry, areas: Collection[str] | None, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return who answers now for these areas (None: all of them and the station), and as what: `{area, as}`."""
    found: dict[str, list[dict[str, Any]]] = {}
    for area in [*registry.areas, None] if areas is None else areas:
        for username, duty_as in _answering(registry, area, now):
            found.setdefault(username, []).append({"area": area, "as": duty_as})
    return found


def _answering(registry: Registry, area: str | None, now: datetime) -> list[tuple[str, str]]:
    return [(answer.user, answer.duty_as) for answer in answering(registry, area, now)]


def starting(registry: Registry, since: datetime, until: datetime) -> dict[str, datetime]:
    """Return whose shift begins within `[since, until)`, with the first of these moments."""
    found: dict[str, datetime] = {}
    for _shift, username, begins in starting_between(registry, since, until):
        found[username] = min(begins, found.get(username, begins))
    return found


def _tests_are_over(reachable: Reachable, now: datetime) -> bool:
    """Whether every contact was tried and had its time; with no contact there is nothing to wait for."""
    tested = [row["tested_at"] for row in reachable.contacts]
    return all(moment is not None and moment <= now - PATIENCE for moment in tested)


def unreachable_verdict(action: Action, username: str, begins: datetime | None, at: datetime) -> Verdict:
    """Return the work item for somebody who is about to be on duty and cannot be reached, or its end."""
    summary = {
        "zh": f"{username} 即将上岗，但没有一个接收方式收得到消息",
        "en": f"{username} is about to be on duty and cannot be reached on any contact",
    }
    facts = {"user": username, "begins": begins.isoformat() if begins is not None else None}
    explanation = Explanation(OFFICER_UNREACHABLE, 1, summary, facts)
    return Verdict(action, OFFICER_UNREACHABLE, f"user:{username}", at, explanation, priority="P3", stream="work_item")


def contact_gone_verdict(username: str, channel: str, at: datetime) -> Verdict:
    """Return the work item for a user whose last contact is gone."""
    summary = {
        "zh": f"{username} 的 {channel} 已失效，且没有其他接收方式",
        "en": f"{username}'s {channel} is gone and there is no other contact",
    }
    explanation = Explanation(CONTACT_GONE, 1, summary, {"user": username, "channel": channel})
    return Verdict("raise", CONTACT_GONE, f"user:{username}", at, explanation, priority="P3", stream="work_item")

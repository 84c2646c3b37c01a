"""flood: when there is more than people can read. Pure; ISA-18.2's figures by default.

It begins with more than `begins_above` alerts within `window_s` and ends with fewer than `ends_below`, a whole window
after it began at the soonest: so it begins at most once per window, however the alerts come.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from gateway.model.policy import Flood


def most_needed(policy: Flood) -> int:
    """How many of the latest moments tell whether a flood begins or ends."""
    return max(policy.begins_above + 1, policy.ends_below, 1)


def within_window(moments: Sequence[datetime], now: datetime, policy: Flood) -> int:
    """Return how many moments (in order) lie in the window that ends now, now included."""
    window = timedelta(seconds=policy.window_s)
    return bisect_right(moments, now) - bisect_right(moments, now - window)


def after(since: datetime | None, moments: Sequence[datetime], now: datetime, policy: Flood) -> datetime | None:
    """Return since when a flood stands now (None: there is none), given since when it stood before.

    `moments` are when alerts sounded or were folded, in order; the latest `most_needed` are enough.
    """
    count = within_window(moments, now, policy)
    if since is None:
        return now if count > policy.begins_above else None
    over = count < policy.ends_below and now - since >= timedelta(seconds=policy.window_s)
    return None if over else since


def course(
    since: datetime | None, known: Iterable[datetime], news: Iterable[datetime], policy: Flood
) -> dict[datetime, datetime | None]:
    """Return, for each moment at which something new sounds, since when a flood stands then (None: there is none).

    What sounds at one and the same moment is looked at together.
    """
    told: dict[datetime, datetime | None] = {}
    new = sorted(news)
    moments = sorted([*known, *new])
    for moment in new:
        if moment not in told:
            since = told[moment] = after(since, moments, moment, policy)
    return told

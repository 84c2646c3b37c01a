"""chatter: what comes and goes too often is quiet until it has been calm. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from gateway.model.policy import Chatter
from gateway.model.quiet import Flapping


def turned(before: Flapping, at: datetime, policy: Chatter, *, active: bool) -> Flapping:
    """Return how an identity comes and goes after it was seen active or over; more of the same changes nothing.

    It chatters from the turn on that makes `turns` of them within `within_s`.
    """
    if active == before.active:
        return before
    turns = (*before.turns, at)[-policy.turns :] if active else before.turns
    since = before.since if chatters(before, at, policy) else None
    if active and since is None and len(turns) == policy.turns and at - turns[0] <= timedelta(seconds=policy.within_s):
        since = at
    return msgspec.structs.replace(before, active=active, turns=turns, last_at=at, since=since)


def chatters(known: Flapping, now: datetime, policy: Chatter) -> bool:
    """Say whether an identity chatters at a moment: it began to, and has not been calm for `calm_s` since."""
    if known.since is None or known.last_at is None:
        return False
    return now - known.last_at < timedelta(seconds=policy.calm_s)

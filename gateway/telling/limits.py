"""What a channel may be asked to do: how many messages a minute, and whether it is asked at all while it fails.

Pure: every method is told the moment. One of each per channel, used from that channel's loop only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

WINDOW = timedelta(minutes=1)
#: Of a channel's rate so much is kept for P1, at least one message.
KEPT_SHARE = 0.25
#: So many failures of the provider in a row, and it is not asked any more.
FAILURES = 5
#: How long it is left alone then, and after each probe that fails.
PAUSES = (timedelta(seconds=5), timedelta(seconds=15), timedelta(seconds=60))
#: A probe nobody has heard of again does not keep the next one back for ever.
PROBE_LOST = timedelta(seconds=30)
MANY = 1_000_000

State = Literal["closed", "open", "half-open"]


class Rate:
    """At most `per_minute` messages within any minute; some of them kept for P1. None: no limit.

    The moments themselves are counted, not tokens: a bucket that is full would let twice its rate through a minute.
    With a rate of one there is nothing to share, and P1 waits like everybody.
    """

    def __init__(self, per_minute: int | None) -> None:
        self.per_minute = per_minute
        self.kept = max(1, int((per_minute or 0) * KEPT_SHARE)) if (per_minute or 0) > 1 else 0
        self._sent: deque[datetime] = deque()

    def remember(self, moments: Iterable[datetime]) -> None:
        """Count what was sent before we started."""
        self._sent = deque(sorted([*self._sent, *moments]))

    def room(self, now: datetime, *, urgent: bool) -> int:
        """How many messages may go out now."""
        if self.per_minute is None:
            return MANY
        if self._sent and self._sent[-1] > now:  # the clock was put back: they were sent by now
            self._sent = deque(min(moment, now) for moment in self._sent)
        while self._sent and self._sent[0] <= now - WINDOW:
            self._sent.popleft()
        return max(0, self.per_minute - (0 if urgent else self.kept) - len(self._sent))

    def spend(self, now: datetime, count: int) -> None:
        """So many go out now."""
        if self.per_minute is not None:
            self._sent.extend([now] * count)


class Breaker:
    """Stops asking a provider that fails, and tries it with one message at a time until it answers.

    A refusal is an answer: only trouble of the provider's own counts.
    """

    def __init__(self) -> None:
        self.state: State = "closed"
        #: Since when it is in its state; None: it has never been in another.
        self.since: datetime | None = None
        self._failures = 0
        self._pauses = 0
        self._probe_at: datetime | None = None
        self._probing_since: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether messages should go another way if there is one."""
        return self.state != "closed"

    def room(self, now: datetime, *, fresh: bool = False) -> int:
        """How many messages may be tried now; `fresh`: a P1 that was never tried need not wait for the pause's end."""
        if self.state == "closed":
            return MANY
        # Moments that lie too far ahead are those of a clock that was put back: they hold nothing up.
        if self._probing_since is not None and timedelta() <= now - self._probing_since < PROBE_LOST:
            return 0
        due = self._probe_at is None or not timedelta() < self._probe_at - now <= PAUSES[-1]
        return 1 if due or fresh else 0

    def trying(self, now: datetime) -> None:
        """A message was taken to be tried."""
        if self.state != "closed":
            self._become("half-open", now)
            self._probing_since = now

    def answered(self, now: datetime) -> None:
        """The provider answered, well or with a refusal."""
        self._failures = self._pauses = 0
        self._probing_since = self._probe_at = None
        if self.state != "closed":
            self._become("closed", now)

    def failed(self, now: datetime) -> None:
        """The provider failed. What was still under way when it opened says nothing new."""
        self._failures += 1
        if self.state == "open" or (self.state == "closed" and self._failures < FAILURES):
            return
        self._probe_at = now + PAUSES[min(self._pauses, len(PAUSES) - 1)]
        self._probing_since = None
        self._pauses += 1
        self._become("open", now)

    def not_tried(self, now: datetime) -> None:
        """What was to be tried never reached the provider: another message may try it."""
        self._probing_since = None
        if self.state == "half-open":
            self._become("open", now)

    def facts(self) -> dict[str, object]:
        """How it is, for health and metrics."""
        return {"state": self.state, "since": self.since.isoformat() if self.since is not None else None}

    def _become(self, state: State, now: datetime) -> None:
        if self.state != state:
            self.state, self.since = state, now

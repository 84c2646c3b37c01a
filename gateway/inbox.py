"""The second source: what came over HTTP. The API appends rows; the road takes them and removes them as it commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.clock import Clock, monotonic
from gateway.model.ports import Delivery

if TYPE_CHECKING:
    from gateway.road import Road

INBOX = "inbox"
#: How often the inbox is looked at when nobody says that something is in it.
LOOK_EVERY_S = 1.0


class InboxSource:
    """The inbox as a source. `flag` is called by whoever hears that something was put in."""

    name = INBOX

    def __init__(self, road: Road, clock: Clock) -> None:
        self._road, self._clock = road, clock
        self._flagged = True
        self._look_at = 0.0
        #: Everything put in before this moment has been taken and committed.
        self.watermark: datetime | None = None

    @property
    def progressed_at(self) -> float:
        """Now: a table does not fall silent, and while it cannot be read nothing fires anyway."""
        return monotonic()

    @property
    def backlog(self) -> int:
        """Unknown, and not needed: what waits holds the watermark."""
        return 0

    def flag(self) -> None:
        """Something may be waiting."""
        self._flagged = True

    def take(self, limit: int) -> list[Delivery]:
        """Return waiting rows, oldest first. They stay in the inbox until the road has committed them."""
        if not self._flagged and monotonic() < self._look_at:
            return []
        self._flagged = False
        self._look_at = monotonic() + LOOK_EVERY_S
        looked = self._clock.now()
        taken = self._road.take_inbox(limit)
        if taken:
            self._flagged = True
        else:
            self.watermark = looked
        return taken

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Nothing: the commit removed them."""

    def is_marker(self, delivery: Delivery) -> bool:
        """Never: markers travel through the broker."""
        del delivery
        return False

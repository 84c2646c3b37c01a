"""Which mapped messages are news: other vendors' devices repeat their state, and brokers repeat messages without an id.

What was told last is kept by device and name of the state, in the transaction that stores what it made: after a crash
both are there or neither. A message is the same one again when its hash is remembered and it either carries its time or
the broker says that it may have come before, or hands over its copy; else a state is news when it is not the last one.
"""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.event import Memory
from gateway.model.ports import Delivery
from gateway.store import mapped
from gateway.store.mapped import Key, Remembered

#: Messages remembered of one state, and for how long before the newest, in seconds. What the broker hands over again
#: was on its way when the connection ended; older ones were acknowledged, and the same bytes then mean something new.
MOST_MARKS, MARKS_S = 16, 60.0


class Repeats:
    """What is remembered for one batch."""

    def __init__(self, connection: Connection[TupleRow], station: str, keys: Iterable[Key]) -> None:
        self._connection, self._station = connection, station
        wanted = set(keys)
        self._known = mapped.load(connection, station, wanted) if wanted else {}
        self._changed: set[Key] = set()

    def is_news(self, device: str, memory: Memory, delivery: Delivery) -> bool:
        """Take in what a message tells, and say whether it is news."""
        key = (device, memory.name)
        last = self._known.get(key)
        marks = last.marks if last is not None else ()
        if (memory.timed or delivery.again or delivery.retained) and any(mark == memory.mark for mark, _ in marks):
            return False
        at = delivery.received_at.timestamp()
        marks = tuple((mark, when) for mark, when in marks if when >= at - MARKS_S)[1 - MOST_MARKS :]
        self._known[key] = Remembered(memory.value, (*marks, (memory.mark, at)))
        self._changed.add(key)
        if last is None:
            return not memory.baseline
        return memory.value is None or memory.value != last.value

    def keep(self) -> None:
        """Write what was taken in."""
        if self._changed:
            mapped.save(self._connection, self._station, {key: self._known[key] for key in sorted(self._changed)})

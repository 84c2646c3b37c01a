"""The last minute of a stream as compressed packets, so that a clip begins before its event and nothing is encoded.

Packets are kept in groups that begin with a keyframe; a clip begins with one. What lies between two breaks of a stream
(a reconnect, another size) is a take: a clip is cut from one take.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple


class Packet(NamedTuple):
    """A compressed packet. `s`: when it is shown, in seconds on the stream's clock; `pts`, `dts`: as in the stream."""

    s: float
    pts: int
    dts: int
    keyframe: bool
    payload: bytes


class Take(NamedTuple):
    """An unbroken stretch of a stream.

    `header`: a file of one packet that says how all are encoded; `time_base`: seconds a tick of `pts` and `dts`.
    """

    header: bytes
    time_base: Fraction


class Cut(NamedTuple):
    """Packets of one take, the first a keyframe; `begin_s`, `end_s`: what they show."""

    take: Take
    packets: tuple[Packet, ...]
    begin_s: float
    end_s: float


class _Group:
    """A keyframe and what follows it."""

    def __init__(self, take: Take, first: Packet) -> None:
        self.take, self.packets, self.size = take, [first], len(first.payload)

    def add(self, packet: Packet) -> None:
        self.packets.append(packet)
        self.size += len(packet.payload)

    @property
    def begin_s(self) -> float:
        return self.packets[0].s


class Ring:
    """Keeps `keep_s` seconds and up to one group more, in at most `most_bytes`."""

    def __init__(self, keep_s: float, most_bytes: int) -> None:
        self._keep_s, self._most_bytes = keep_s, most_bytes
        self._take: Take | None = None
        self._groups: deque[_Group] = deque()
        self._open: _Group | None = None
        self.size = 0

    @property
    def oldest_s(self) -> float | None:
        """From which second on something is kept; None when nothing is."""
        return self._groups[0].begin_s if self._groups else None

    def begin(self, take: Take) -> None:
        """From here on packets belong to another take, which has to begin with a keyframe."""
        self._take, self._open = take, None

    def add(self, packet: Packet) -> None:
        """Keep a packet; before the first keyframe of a take there is nothing to keep it with."""
        if packet.keyframe and self._take is not None:
            self._open = _Group(self._take, packet)
            self._groups.append(self._open)
        elif self._open is not None:
            self._open.add(packet)
        else:
            return
        self.size += len(packet.payload)
        while len(self._groups) > 1 and self._groups[1].begin_s <= packet.s - self._keep_s:
            self._drop()
        while self.size > self._most_bytes and self._groups:
            self._drop()

    def cut(self, at_s: float, begin_s: float, end_s: float) -> Cut | None:
        """Return what is kept of `begin_s` to `end_s`, from the take that shows `at_s`; None when nothing is.

        It begins at the last keyframe at or before `begin_s`, or where the take does.
        """
        taken = self._take_at(at_s)
        groups = [group for group in self._groups if taken is not None and group.take is taken]
        wanted = [
            group for index, group in enumerate(groups)
            if group.begin_s <= end_s and (index + 1 == len(groups) or groups[index + 1].begin_s > begin_s)
        ]  # fmt: skip
        packets = tuple(_until(wanted, end_s))
        if taken is None or not packets:
            return None
        return Cut(taken, packets, packets[0].s, max(packet.s for packet in packets))

    def _take_at(self, at_s: float) -> Take | None:
        found = None
        for group in self._groups:
            if found is None or group.begin_s <= at_s:
                found = group.take
        return found

    def _drop(self) -> None:
        gone = self._groups.popleft()
        self.size -= gone.size
        if gone is self._open:  # a stream without keyframes must not fill the memory
            self._open = None


def _until(groups: list[_Group], end_s: float) -> Iterator[Packet]:
    """Packets up to a moment in the order they are decoded: what is shown sooner may need what is shown later."""
    packets = [packet for group in groups for packet in group.packets]
    last = max((index for index, packet in enumerate(packets) if packet.s <= end_s), default=-1)
    return iter(packets[: last + 1])

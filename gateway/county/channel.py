"""A link as a channel of the outbox: an alarm is delivered when the platform has answered it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

from connectors.gb28181.alarm import Alarm
from connectors.gb28181.link import Link
from connectors.gb28181.news import AlarmFailed, AlarmSent
from gateway.county.putting import channel_of
from gateway.county.shown import read_moment
from gateway.model.ports import Message, Outcome


class CountyChannel:
    """Hands alarms to a link. `turn` lets its carrier send; `told` must hear what the link says of alarms."""

    receipts = False
    rate_per_min: int | None = None
    #: A NOTIFY and then a MESSAGE may both wait for their last retransmission (RFC 3261: 32 s each).
    limit_s = 70.0

    def __init__(self, link: Link, monotonic: Callable[[], float], turn: Callable[[], None]) -> None:
        self.name = channel_of(link.config.name)
        self._link, self._monotonic, self._turn = link, monotonic, turn
        self._waiting: dict[str, asyncio.Future[AlarmSent | AlarmFailed]] = {}
        #: One at a time for each channel of the platform's: what happened first is said first.
        self._in_order: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def ready(self) -> bool:
        """Whether the platform has us: until then alarms wait in the outbox."""
        return self._link.online

    async def send(self, message: Message) -> Outcome:
        """Say one alarm and wait for its answer."""
        alarm = alarm_of(message)
        async with self._in_order[alarm.channel]:
            self._waiting[alarm.key] = future = asyncio.get_running_loop().create_future()
            try:
                self._link.alarm(alarm, self._monotonic())
                self._turn()
                return outcome_of(await future)
            finally:
                self._waiting.pop(alarm.key, None)

    def told(self, news: AlarmSent | AlarmFailed) -> None:
        """The link says what became of an alarm."""
        future = self._waiting.get(news.key)
        if future is not None and not future.done():
            future.set_result(news)

    async def close(self) -> None:
        """Nothing of ours is open: the carrier ends the link."""


def alarm_of(message: Message) -> Alarm:
    """Return the alarm in a message.

    Its number is the message's for good. Its name and that of its try are such that a try whose end was never learnt is
    repeated to the byte: by the standard a retransmission, and not taken twice.
    """
    told = message.body
    return Alarm(
        key=f"anxin-{message.id}", attempt=message.recorded + 1, sn=message.id % (2**31 - 1) or 1,
        channel=told["channel"], priority=told["priority"], method=told["method"], type=told["type"],
        at=read_moment(told["at"]), description=told["description"], longitude=told["longitude"],
        latitude=told["latitude"], one_touch=told["one_touch"],
    )  # fmt: skip


def outcome_of(news: AlarmSent | AlarmFailed) -> Outcome:
    """Return what the outbox is told."""
    if isinstance(news, AlarmSent):
        return Outcome("accepted", provider_id=f"{news.by} {news.status}")
    if not news.again:
        return Outcome("refused", news.why)
    # What the platform says of one alarm says nothing of the next.
    return Outcome("retry", news.why, retry_after=news.after_s, of_recipient=True)

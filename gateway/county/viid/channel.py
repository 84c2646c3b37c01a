"""A link to an image database as a channel of the outbox: a picture is delivered when the platform has taken it."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from datetime import datetime
from typing import NamedTuple

from connectors.gat1400 import objects
from connectors.gat1400.actions import Verdict
from connectors.gat1400.config import ViidConfig
from connectors.gat1400.ids import notification_id
from connectors.gat1400.objects import Object, Picture
from connectors.gat1400.session import Session
from connectors.gat1400.subscriptions import LONGEST_REPORT_S, Subscription
from gateway.county.shown import read_moment
from gateway.county.viid.putting import channel_of
from gateway.media_types import jpeg_size
from gateway.model.errors import Misconfigured, StoreUnavailable
from gateway.model.ports import Message, Outcome

#: An «other error» is believed after so many tries.
MOST_TRIES = 5
#: While nobody is registered, a message comes again after so long, in its order.
NOT_REGISTERED_S = 1.0
#: What is taken out of the outbox together arrives within so long, and goes in one report.
GATHER_S = 0.2
#: A notification carries vehicles with pictures up to so many characters of base64, one at least.
MOST_CARRIED = 3_000_000


class _Reported(NamedTuple):
    message: Message
    told: Object
    done: asyncio.Future[Outcome]


class ViidChannel:
    """Hands pictures to a session. `content` reads a picture's bytes by its number, in another thread, None if gone."""

    receipts = False
    rate_per_min: int | None = None
    #: It may wait for the next report, for its turn, and for a slow line.
    limit_s = LONGEST_REPORT_S + 90.0

    def __init__(
        self,
        config: ViidConfig,
        session: Session,
        content: Callable[[int], bytes | None],
        subscriptions: Callable[[], Collection[Subscription]],
        now: Callable[[], datetime],
    ) -> None:
        self.name = channel_of(config.name)
        self._config, self._session, self._content = config, session, content
        self._subscriptions, self._now = subscriptions, now
        #: One at a time: what happened first is said first, and one picture fills the line.
        self._turn = asyncio.Lock()
        #: How often each message met an «other error»: what it waited for otherwise does not count against it.
        self._errors: Counter[int] = Counter()
        self._reports: defaultdict[str, list[_Reported]] = defaultdict(list)
        self._reporting: set[asyncio.Task[None]] = set()
        self._reported_at: dict[str, float] = {}

    @property
    def ready(self) -> bool:
        """Whether the platform has us: until then pictures wait in the outbox."""
        return self._session.online

    async def send(self, message: Message) -> Outcome:
        """Say one picture, or the vehicle on one, and wait for its answer."""
        told = message.body
        try:
            content = await asyncio.to_thread(self._content, told["media"])
        except (StoreUnavailable, Misconfigured) as error:
            return Outcome("retry", str(error), of_recipient=True)
        size = jpeg_size(content) if content is not None else None
        if content is None or size is None or hashlib.sha256(content).hexdigest() != told["sha256"]:
            return Outcome("refused", "the picture is gone, or is not the one it was")
        picture = Picture(
            id=told["image"], device=told["device"], at=read_moment(told["at"]), title=told["title"],
            description=told["description"], address=told["address"], source=self._config.image_source,
            width=size[0], height=size[1], content=content,
        )  # fmt: skip
        if told["kind"] == "image":
            return await self._posted(
                message, objects.IMAGES, picture.id, objects.images([objects.image(picture)], self._config.image_key)
            )
        vehicle = objects.motor_vehicle(
            told["vehicle"], picture, f"{self._config.url}{objects.IMAGES}/{picture.id}/Data"
        )
        if not told["subscription"]:
            return await self._posted(
                message, objects.MOTOR_VEHICLES, told["vehicle"], objects.motor_vehicles([vehicle])
            )
        return await self._report(message, told["subscription"], vehicle)

    async def close(self) -> None:
        """End what is being reported; the session ends by itself."""
        for task in self._reporting:
            task.cancel()
        await asyncio.gather(*self._reporting, return_exceptions=True)

    async def _posted(self, message: Message, path: str, own: str, told: Object, at: str | None = None) -> Outcome:
        async with self._turn:
            if not self._session.online:
                return _not_registered()
            (verdict,) = await self._session.post(path, [own], told, at=at)
        self._errors[message.id] += verdict.action == "limited"
        outcome = outcome_of(verdict, own, self._errors[message.id])
        if outcome.result != "retry":
            del self._errors[message.id]
        return outcome

    async def _report(self, message: Message, subscription: str, vehicle: Object) -> Outcome:
        """Wait for the subscription's next report; its fate is the vehicle's."""
        waiting = self._reports[subscription]
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        waiting.append(_Reported(message, vehicle, done))
        if len(waiting) == 1:
            task = asyncio.create_task(self._say(subscription))
            self._reporting.add(task)
            task.add_done_callback(self._reporting.discard)
        return await done

    async def _say(self, subscription: str) -> None:
        """Post what a subscription is to be told, when its interval is over."""
        loop = asyncio.get_running_loop()
        held = next((one for one in self._subscriptions() if one.id == subscription), None)
        if held is not None:
            await asyncio.sleep(max(GATHER_S, self._reported_at.get(held.id, 0.0) + held.interval_s - loop.time()))
            # It may have been taken back meanwhile.
            held = next((one for one in self._subscriptions() if one.id == subscription), None)
        waiting = self._reports.pop(subscription, [])
        if held is None or not held.active(self._now()):
            for one in waiting:
                _settle(one, Outcome("refused", "the subscription has ended"))
            return
        self._reported_at[held.id] = loop.time()
        for batch in _batches(waiting):
            first, now = batch[0].message, self._now()
            own = notification_id(self._config.device_id, now, first.id)
            told = objects.vehicle_notification(own, held.id, held.title or "机动车", now, [one.told for one in batch])
            outcome = await self._posted(first, "", own, told, at=held.receive)
            for one in batch:
                _settle(one, outcome)


def outcome_of(verdict: Verdict, own: str, errors: int) -> Outcome:
    """Return what the outbox is told; `errors`: how often there was an «other error», with this one.

    What ails one picture says nothing of another.
    """
    if verdict.action == "done":
        return Outcome("accepted", provider_id=own)
    if verdict.action == "never" or (verdict.action == "limited" and errors >= MOST_TRIES):
        return Outcome("refused", verdict.why)
    return Outcome("retry", verdict.why, of_recipient=True)


def _not_registered() -> Outcome:
    return Outcome("retry", "not registered", retry_after=NOT_REGISTERED_S, of_recipient=True)


def _settle(one: _Reported, outcome: Outcome) -> None:
    if not one.done.done():
        one.done.set_result(outcome)


def _batches(waiting: list[_Reported]) -> list[list[_Reported]]:
    batches: list[list[_Reported]] = []
    length = 0
    for one in waiting:
        size = sum(len(each["Data"]) for each in one.told["SubImageList"]["SubImageInfoObject"])
        if not batches or length + size > MOST_CARRIED:
            batches.append([])
            length = 0
        batches[-1].append(one)
        length += size
    return batches

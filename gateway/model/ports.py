"""The ports between the road and the edges: what a source hands over, and what a channel answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One message as a source handed it over, not yet acknowledged.

    `token` belongs to the source: whatever it needs to acknowledge exactly this delivery. `retained`: the broker's copy
    of a state, not news. `again`: the broker says that it may have handed this over before.
    """

    source: str
    topic: str
    payload: bytes
    received_at: datetime
    token: Any = None
    retained: bool = False
    again: bool = False


class Source(Protocol):
    """Where messages come from. A delivery that is never acknowledged comes again.

    `watermark`: everything taken in before it has been handed over and acknowledged. `progressed_at`: when anything was
    last heard from it (monotonic seconds). `backlog`: deliveries handed over and not yet taken.
    """

    name: str
    watermark: datetime | None

    @property
    def progressed_at(self) -> float:
        """When anything was last heard."""

    @property
    def backlog(self) -> int:
        """How many deliveries wait to be taken."""

    def take(self, limit: int) -> list[Delivery]:
        """Return at most `limit` waiting deliveries, oldest first, without waiting."""

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Tell the source that these are committed. Never raises: an acknowledgement that is lost only repeats."""

    def is_marker(self, delivery: Delivery) -> bool:
        """Say whether a delivery of this source carries no report."""


class Message(msgspec.Struct, frozen=True):
    """One notification, ready for a channel.

    `key` is its idempotency key, `attempts` counts this one, `recorded` those whose outcome is known: fewer than those
    before this one only after a crash. `body` holds no personal data.
    """

    id: int
    key: str
    channel: str
    recipient: str
    priority: str
    body: dict[str, Any]
    created_at: datetime
    attempts: int = 1
    recorded: int = 0
    incident: int | None = None
    alert: int | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What a provider answered.

    `accepted`: it has the message. `retry`: try again (after `retry_after` seconds if it said so).
    `refused`: it never will (the message is malformed, our account with it is not in order: `detail` says what to do).
    `gone`: the recipient's address is no more, for any message. `detail` names neither recipient nor secret.
    `of_recipient`: to try again is for what ails this one recipient (their own machine, a limit for their number), and
    says nothing of how the others would fare.
    """

    result: Literal["accepted", "retry", "refused", "gone"]
    detail: str = ""
    provider_id: str | None = None
    retry_after: float | None = None
    of_recipient: bool = False


class Report(msgspec.Struct, frozen=True):
    """What a provider tells afterwards of a message that it had accepted.

    `acknowledged`: a human answered through the provider (the key on the phone that signs). `provider_id` is the
    outcome's, `notification` our own `Message.id` where the provider hands it back. `at` is aware.
    """

    provider_id: str
    step: Literal["delivered", "seen", "acknowledged", "failed"]
    at: datetime | None = None
    detail: str = ""
    notification: int | None = None


class Channel(Protocol):
    """A way to reach somebody.

    `receipts`: the provider or the phone tells what became of a message; without, accepted is all that is ever known.
    `rate_per_min`: the most messages a minute that the provider takes from one sender; None: no limit known. A channel
    that is not always `ready` says so by that name, and one that takes longer than others to answer, by `limit_s`.
    """

    name: str
    receipts: bool
    rate_per_min: int | None

    async def send(self, message: Message) -> Outcome:
        """Hand one message to the provider. Bounded in time; raises nothing for the provider's own faults."""

    async def close(self) -> None:
        """Let go of connections."""

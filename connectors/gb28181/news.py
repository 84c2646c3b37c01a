"""What a link tells whoever runs it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from connectors.gb28181.registration import State


class StateChanged(NamedTuple):
    """The link is in another state: `status` is the SIP status that brought it there, 0 without one."""

    state: State
    status: int
    why: str


class AlarmSent(NamedTuple):
    """The platform has an alarm: it answered with a 2xx."""

    key: str
    by: Literal["message", "notify"]
    status: int


class AlarmFailed(NamedTuple):
    """It has not. `again`: trying later may work, not before `after_s` seconds."""

    key: str
    status: int
    why: str
    again: bool
    after_s: float | None = None


class AlarmAcknowledged(NamedTuple):
    """The platform's own answer to an alarm, by its number: many never send one."""

    sn: int
    channel: str
    result: str


class Ordered(NamedTuple):
    """The platform ordered something."""

    command: str
    device: str
    done: bool


class CatalogueTold(NamedTuple):
    """A catalogue was told, in so many messages; not `whole` when it stopped taking it or asked anew meanwhile."""

    sn: int
    items: int
    messages: int
    whole: bool


class Subscribed(NamedTuple):
    """The platform subscribed to something, or no longer (`seconds` 0)."""

    kind: str
    seconds: int


class TurnedAway(NamedTuple):
    """Somebody was refused: not the platform, or not what can be answered."""

    peer: str
    why: str


News = StateChanged | AlarmSent | AlarmFailed | AlarmAcknowledged | Ordered | CatalogueTold | Subscribed | TurnedAway

"""The ways to reach a user: which channels count as a push, a text, a call."""

from __future__ import annotations

import msgspec

from gateway.model.policy import By

#: What a rung's `by` means in channels, the best first. Apprise says nothing of what became of a message: last.
WAYS: dict[By, tuple[str, ...]] = {
    "push": ("phone", "web_push", "wecom", "mqtt", "apprise"),
    "sms": ("sms",),
    "voice": ("voice",),
}
#: Every channel a user may have a contact on.
CHANNELS = tuple(channel for channels in WAYS.values() for channel in channels)


#: A channel that says nothing of what became of a message.
UNCONFIRMED = "apprise"


class Contact(msgspec.Struct, frozen=True):
    """One way to reach a user. The address is looked up and opened only when something is sent there."""

    id: int
    channel: str

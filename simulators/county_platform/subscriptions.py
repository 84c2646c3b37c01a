"""Subscriptions of ours at devices: dialogs, and what a NOTIFY in one must look like."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from simulators.county_platform.manscdp import Body, Fault
from simulators.county_platform.sip import Message, address, parameters

GONE = 481
#: A NOTIFY's `expires` may be later than ours by what rounding makes of it.
_SLACK_S = 2


@dataclass
class Subscription:
    """One dialog. `state`: asked, active, cancelled or over. Moments are monotonic seconds."""

    kind: str
    device: str
    event: str
    expires_s: int
    filters: Mapping[str, str]
    call_id: str = field(default_factory=lambda: f"{secrets.token_hex(8)}@county")
    local_tag: str = field(default_factory=lambda: secrets.token_hex(4))
    remote_tag: str = ""
    contact: str = ""
    cseq: int = 0
    state: str = "asked"
    expires_at: float = float("inf")
    notifies: int = 0

    def granted(self, response: Message) -> None:
        """Take the 200 to a SUBSCRIBE."""
        self.remote_tag = address(response.headers.first("To")).tag
        self.contact = response.headers.first("Contact")
        told = response.headers.first("Expires")
        seconds = int(told) if told.isdecimal() else self.expires_s
        self.expires_at = time.monotonic() + seconds
        if self.state != "cancelled":
            self.state = "active"


class Subscriptions:
    """Who is subscribed where, the newest of each kind of a device."""

    def __init__(self) -> None:
        self.all: dict[str, Subscription] = {}

    def forget(self) -> None:
        """Know none."""
        self.all.clear()

    def add(self, subscription: Subscription) -> None:
        """Keep a new one; it takes the place of the same device's of this kind."""
        for old in self.of(subscription.device, subscription.kind):
            old.state = "over"
        self.all[subscription.call_id] = subscription

    def of(self, device: str, kind: str = "") -> list[Subscription]:
        """Return a device's subscriptions that are not over, of one kind or of all."""
        return [
            one
            for one in self.all.values()
            if one.device == device and one.state not in {"over", "cancelled"} and kind in {"", one.kind}
        ]

    def lapse(self, device: str) -> None:
        """End those of a device that went away."""
        for one in self.of(device):
            one.state = "over"

    def due(self) -> list[Subscription]:
        """Return those that want refreshing: half of their time is over. Those whose time is over end."""
        now = time.monotonic()
        for one in self.all.values():
            if one.expires_at <= now:
                one.state = "over"
        return [one for one in self.all.values() if one.state == "active" and one.expires_at - now < one.expires_s / 2]

    def find(self, message: Message) -> Subscription | None:
        """Return the dialog that a NOTIFY belongs to, None where it is to be answered 481."""
        one = self.all.get(message.call_id)
        return one if one is not None and one.state != "over" else None


def check_notify(message: Message, body: Body, one: Subscription) -> Iterator[Fault]:
    """Name what is wrong with a NOTIFY in this dialog."""
    sender, to = address(message.headers.first("From")), address(message.headers.first("To"))
    if to.tag != one.local_tag:
        yield "notify-dialog", f"To tag {to.tag!r}, the dialog's is {one.local_tag!r}"
    if one.remote_tag and sender.tag != one.remote_tag:
        yield "notify-dialog", f"From tag {sender.tag!r}, the 200 said {one.remote_tag!r}"
    if message.headers.first("Event") != one.event:
        yield "notify-event", f"Event {message.headers.first('Event')!r}, subscribed {one.event!r}"
    yield from _state(message, one)
    if (body.root, body.cmd_type) != ("Notify", one.kind):
        yield "notify-content", f"{body.root} {body.cmd_type} in a subscription of {one.kind}"
    elif one.kind == "Alarm":
        yield from _filtered(body, one)


def _state(message: Message, one: Subscription) -> Iterator[Fault]:
    told = message.headers.first("Subscription-State")
    state = told.partition(";")[0].strip()
    if one.state == "cancelled" and state != "terminated":
        yield "notify-state", f"Subscription-State {told!r} after the subscription was cancelled"
    elif state == "active":
        seconds = parameters(told).get("expires", "")
        left = one.expires_at - time.monotonic()
        if not seconds.isdecimal() or int(seconds) > left + _SLACK_S:
            yield "notify-state", f"Subscription-State {told!r}, {left:.0f} s are left"
    elif state != "terminated":
        yield "notify-state", f"Subscription-State {told!r}"


def _filtered(body: Body, one: Subscription) -> Iterator[Fault]:
    """Judge an alarm against what was subscribed; 0 stands for all."""
    priority, method = body.field("AlarmPriority"), body.field("AlarmMethod")
    first, last = one.filters.get("StartAlarmPriority", "0"), one.filters.get("EndAlarmPriority", "0")
    if first != "0" and priority < first:
        yield "notify-filter", f"AlarmPriority {priority}, subscribed from {first}"
    if last != "0" and priority > last:
        yield "notify-filter", f"AlarmPriority {priority}, subscribed to {last}"
    methods = set(re.findall(r"\d", one.filters.get("AlarmMethod", "0")))
    if "0" not in methods and method not in methods:
        yield "notify-filter", f"AlarmMethod {method}, subscribed {'/'.join(sorted(methods))}"
    kinds = one.filters.get("AlarmType", "0")
    if kinds != "0" and body.field("Info/AlarmType") not in kinds.split("/"):
        yield "notify-filter", f"AlarmType {body.field('Info/AlarmType')!r}, subscribed {kinds}"
    target = one.filters.get("DeviceID", one.device)
    if target not in {one.device, body.device_id}:
        yield "notify-filter", f"{body.device_id}, subscribed {target}"

"""Addresses of contacts: what each channel takes, and how much of one is shown."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

import msgspec

from gateway.model.contact import CHANNELS
from gateway.model.errors import BadInput

_CHINESE_MOBILE = re.compile(r"^1[3-9]\d{9}$")
_E164 = re.compile(r"^\+[1-9]\d{6,14}$")
_NAME = re.compile(r"^[A-Za-z0-9_.@-]{1,64}$")
#: What a browser hands over is well below; a push service's endpoint is a few hundred bytes.
LONGEST_SUBSCRIPTION = 4096
LONGEST = 512
SHOWN = 4


class _Keys(msgspec.Struct):
    p256dh: str
    auth: str


class _Subscription(msgspec.Struct):
    endpoint: str
    keys: _Keys


def read_address(channel: str, told: str) -> str:
    """Return an address as a channel takes it. Raises `BadInput` with what it should look like."""
    if channel not in CHANNELS:
        raise BadInput(f"there is no channel {channel!r}; there are {', '.join(CHANNELS)}", reason="channel")
    if channel in {"sms", "voice"}:
        return _number(told)
    if channel == "web_push":
        return _subscription(told)
    if channel in {"wecom", "mqtt"} and not _NAME.match(told):
        raise BadInput(f"{channel} takes the user's id there: letters, digits and _.@-, at most 64", reason="address")
    if not 0 < len(told.strip()) <= LONGEST or not told.isprintable():
        raise BadInput(f"an address has 1 to {LONGEST} characters on one line", reason="address")
    return told.strip()


def masked(channel: str, address: str) -> str:
    """Return as much of an address as tells one from another: its last four characters."""
    if channel == "web_push":
        try:
            address = str(json.loads(address)["endpoint"])
        except (ValueError, KeyError, TypeError):
            return "…"
    return f"…{address[-SHOWN:]}" if len(address) > SHOWN else "…"


def _number(told: str) -> str:
    plain = re.sub(r"[\s()-]", "", told)
    if _CHINESE_MOBILE.match(plain):
        return f"+86{plain}"
    if not _E164.match(plain):
        raise BadInput("a number is a Chinese mobile one, or international like +8613800000000", reason="address")
    return plain


def _subscription(told: str) -> str:
    if len(told.encode()) > LONGEST_SUBSCRIPTION:
        raise BadInput(f"a push subscription has at most {LONGEST_SUBSCRIPTION} bytes", reason="address")
    try:
        read = msgspec.json.decode(told, type=_Subscription)
        address = urlsplit(read.endpoint)
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadInput(f"that is no push subscription: {error}", reason="address") from error
    if address.scheme != "https" or not address.hostname or not read.keys.p256dh or not read.keys.auth:
        raise BadInput("a push subscription has an https endpoint and the keys p256dh and auth", reason="address")
    return msgspec.json.encode(read).decode()

"""What each channel takes as an address, and how little of one is shown."""

from __future__ import annotations

import json

import pytest

from gateway.model.errors import BadInput
from gateway.telling.addresses import LONGEST_SUBSCRIPTION, masked, read_address

SUBSCRIPTION = {"endpoint": "https://push.example/s/abcd1234", "keys": {"p256dh": "BN_key", "auth": "secret"}}


@pytest.mark.parametrize(
    ("channel", "told", "kept"),
    [
        ("sms", "138 0000 0000", "+8613800000000"),
        ("voice", "+49 (30) 123456-7", "+49301234567"),
        ("phone", " phone-officer ", "phone-officer"),
        ("wecom", "zhang.san", "zhang.san"),
    ],
)
def test_an_address_is_kept_as_the_channel_takes_it(channel: str, told: str, kept: str) -> None:
    assert read_address(channel, told) == kept


@pytest.mark.parametrize(
    ("channel", "told"),
    [
        ("sms", "110"),
        ("sms", "12800000000"),
        ("voice", "+0123456789"),
        ("voice", "call me"),
        ("phone", ""),
        ("phone", "two\nlines"),
        ("phone", "x" * 513),
        ("wecom", "a user"),
        ("mqtt", "town/#"),
        ("pigeon", "loft 3"),
        ("web_push", "no json"),
        ("web_push", json.dumps({**SUBSCRIPTION, "endpoint": "http://push.example/s"})),
        ("web_push", json.dumps({"endpoint": "https://push.example/s"})),
        ("web_push", json.dumps({**SUBSCRIPTION, "keys": {"p256dh": "", "auth": "x"}})),
        ("web_push", json.dumps({**SUBSCRIPTION, "more": "x" * LONGEST_SUBSCRIPTION})),
    ],
)
def test_what_a_channel_cannot_take_is_refused(channel: str, told: str) -> None:
    with pytest.raises(BadInput):
        read_address(channel, told)


def test_a_subscription_keeps_what_is_needed_and_nothing_else() -> None:
    kept = read_address("web_push", json.dumps({**SUBSCRIPTION, "expirationTime": None}))
    assert json.loads(kept) == SUBSCRIPTION
    assert read_address("web_push", kept) == kept, "the same subscription is the same contact"


@pytest.mark.parametrize(
    ("channel", "address", "shown"),
    [
        ("sms", "+8613800001234", "…1234"),
        ("phone", "abc", "…"),
        ("web_push", json.dumps(SUBSCRIPTION), "…1234"),
        ("web_push", "broken", "…"),
    ],
)
def test_of_an_address_its_end_is_shown(channel: str, address: str, shown: str) -> None:
    assert masked(channel, address) == shown

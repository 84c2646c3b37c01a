"""Which of a person's ways is tried next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.contact import CHANNELS, Contact
from gateway.telling.fallback import next_way

KNOWN = [Contact(number, channel) for number, channel in enumerate(("voice", "sms", "phone", "web_push", "apprise"))]
EVERYTHING = set(CHANNELS)


@pytest.mark.parametrize(
    ("failed", "tried", "following"),
    [
        ("phone", {2}, "web_push"),
        ("web_push", {2, 3}, "apprise"),
        ("phone", {2, 3, 4}, "sms"),
        ("sms", {1}, "phone"),
        ("voice", {0, 1, 2, 3}, "apprise"),
        ("phone", {0, 1, 2, 3, 4}, None),
    ],
)
def test_first_the_same_sort_then_push_text_call(failed: str, tried: set[int], following: str | None) -> None:
    found = next_way(failed, KNOWN, tried, EVERYTHING)
    assert (found.channel if found is not None else None) == following


@given(
    st.lists(st.sampled_from(CHANNELS), max_size=8),
    st.sampled_from(CHANNELS),
    st.sets(st.sampled_from(CHANNELS)),
)
def test_every_way_that_is_up_is_tried_once_and_then_there_is_none(
    channels: list[str], failed: str, up: set[str]
) -> None:
    known = [Contact(number, channel) for number, channel in enumerate(channels)]
    tried: set[int | None] = set()
    while (following := next_way(failed, known, tried, up)) is not None:
        assert following.id not in tried
        tried.add(following.id)
        failed = following.channel
    assert tried == {contact.id for contact in known if contact.channel in up}

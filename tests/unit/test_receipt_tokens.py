"""What a phone shows receipts with, and what a provider's report is signed with."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.errors import BadInput, Forbidden, NotFound
from gateway.sealing import Sealer
from gateway.telling.receipts import check_signature, check_token, read_reports, read_token, token_of

SEALER = Sealer(bytes(range(32)))
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@given(st.integers(1, 2**62))
def test_a_token_is_of_one_message_of_one_station(number: int) -> None:
    token = token_of(SEALER, "here", number)
    assert token == token_of(SEALER, "here", number), "a message that is sent again carries the same"
    assert read_token(SEALER, "here", token) == number
    assert read_token(SEALER, "there", token) is None
    assert read_token(Sealer(bytes(32)), "here", token) is None


@given(st.text(max_size=64))
def test_a_token_that_was_made_up_is_of_nothing(token: str) -> None:
    assert read_token(SEALER, "here", token) is None


@given(st.integers(0, 31), st.sampled_from("ABCabc019-_"))
def test_a_token_with_one_letter_changed_is_of_nothing_else(position: int, letter: str) -> None:
    token = token_of(SEALER, "here", 4711)
    changed = token[:position] + letter + token[position + 1 :]
    assert read_token(SEALER, "here", changed) in {None, 4711}
    assert (read_token(SEALER, "here", changed) == 4711) == (changed == token)


SECRET = "s3cret"


def signed(body: bytes, at: datetime, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"x-anxin-timestamp": stamp, "x-anxin-signature": f"sha256={digest}"}


def test_a_report_is_taken_when_it_is_signed_and_of_now() -> None:
    check_signature("s3cret", signed(b"[]", NOW), b"[]", NOW + timedelta(minutes=4))


@pytest.mark.parametrize(
    ("secret", "headers", "body", "error"),
    [
        ("", signed(b"[]", NOW), b"[]", NotFound),
        ("s3cret", signed(b"[]", NOW, "another"), b"[]", Forbidden),
        ("s3cret", signed(b"[]", NOW), b"[1]", Forbidden),
        ("s3cret", signed(b"[]", NOW - timedelta(minutes=6)), b"[]", Forbidden),
        ("s3cret", {}, b"[]", Forbidden),
        ("s3cret", {**signed(b"[]", NOW), "x-anxin-signature": "sha256=\xff"}, b"[]", Forbidden),
    ],
    ids=["no secret here", "another secret", "another body", "old", "unsigned", "no hex"],
)
def test_any_other_report_is_refused(secret: str, headers: dict[str, str], body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        check_signature(secret, headers, body, NOW)


TOKEN = "t" * 32


def test_a_report_is_taken_at_the_address_that_nobody_else_knows() -> None:
    for channel in ("sms", "voice"):
        check_token(TOKEN, channel, TOKEN)


@pytest.mark.parametrize(
    ("secret", "channel", "token", "error"),
    [
        ("", "sms", "", NotFound),
        ("", "sms", TOKEN, NotFound),
        (TOKEN, "sms", TOKEN[:-1], Forbidden),
        (TOKEN, "sms", TOKEN + "t", Forbidden),
        (TOKEN, "voice", "安心", Forbidden),
        (TOKEN, "phone", TOKEN, NotFound),
    ],
    ids=["none here", "none here, whatever is told", "shorter", "longer", "no ASCII", "a provider that can sign"],
)
def test_at_any_other_address_it_is_refused(secret: str, channel: str, token: str, error: type[Exception]) -> None:
    with pytest.raises(error) as refused:
        check_token(secret, channel, token)
    assert TOKEN not in str(refused.value)


def test_the_token_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda *both: compared.append(both) or False)
    with pytest.raises(Forbidden):
        check_token(TOKEN, "sms", TOKEN)
    assert compared == [(TOKEN.encode(), TOKEN.encode())], "and by nothing before it"


def test_a_report_says_what_became_of_messages() -> None:
    told = [
        {"provider_id": "m-1", "step": "delivered", "at": NOW.isoformat()},
        {"provider_id": "m-2", "step": "failed"},
    ]
    first, second = read_reports("phone", json.dumps(told).encode(), {})
    assert (first.provider_id, first.step, first.at) == ("m-1", "delivered", NOW)
    assert (second.step, second.at) == ("failed", None)


@pytest.mark.parametrize("told", ["{", "{}", '[{"step": "seen"}]', '[{"provider_id": "m", "step": "lost"}]'])
def test_a_report_that_cannot_be_read_is_refused(told: str) -> None:
    with pytest.raises(BadInput):
        read_reports("phone", told.encode(), {})


def test_a_report_with_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(BadInput, match="offset"):
        read_reports("phone", b'[{"provider_id": "m", "step": "seen", "at": "2026-11-22T08:00:00"}]', {})

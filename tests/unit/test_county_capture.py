"""A recording of a link's traffic: nothing secret in it, no more than was asked for, and nobody held up by it."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.digest import Challenge, authorization
from connectors.masking import HIDDEN, masked
from gateway.county import capture
from gateway.county.capture import Capture

AT = datetime(2026, 3, 1, 23, 41, 9, tzinfo=UTC)
PEER = ("10.20.0.5", 5060)
#: The letter keeps it from being a piece of a code that stands in the message anyway.
SECRET = st.text("0123456789abcdefXYZ-_./+", min_size=12, max_size=40).map("Q{}".format)
PASSWORD = st.text("abcXYZ0189!#$%&()*+,-./:;<=>?@[]^_{|}~密码安心é ", min_size=6, max_size=20)
HEADERS = st.sampled_from(["Authorization", "Proxy-Authorization", "AUTHORIZATION ", "authorization\t"])


@given(SECRET, SECRET, SECRET, PASSWORD, HEADERS, st.booleans(), st.sampled_from(["\r\n", "\n", "\r"]))
def test_no_credential_is_left(  # drawn
    nonce: str, cnonce: str, opaque: str, password: str, header: str, folded: bool, ends: str
) -> None:
    asked = Challenge("3402000000", nonce, "auth", opaque, stale=False, algorithm="MD5")
    told = authorization(asked, "REGISTER", "sip:34020000002000000001@3402000000", "ours", password, cnonce)
    response = told.partition('response="')[2][:32]
    value = told.replace(", ", f",{ends} ") if folded else told
    body = f"<Info>{password}</Info>"
    message = ends.join(["REGISTER sip:x SIP/2.0", f"{header}: {value}", "CSeq: 1 REGISTER", "", body])
    text = masked(message.encode("gb18030"), password)
    assert not [one for one in (nonce, cnonce, opaque, response, password) if one in text]
    assert 'username="ours"' in text
    assert text.splitlines()[0] == "REGISTER sip:x SIP/2.0"
    assert "CSeq: 1 REGISTER" in text


@given(SECRET, st.sampled_from(["WWW-Authenticate", "Proxy-Authenticate"]))
def test_no_challenge_is_left(nonce: str, header: str) -> None:
    text = masked(f'{header}: Digest realm="3402000000", nonce={nonce}, stale=TRUE'.encode())
    assert text == f'{header}: Digest realm="3402000000", nonce="{HIDDEN}", stale="TRUE"'


@pytest.mark.parametrize("value", ["Basic b3VyczpzZWNyZXQ=", "Bidirection sign1=abc", "", "Digest"])
def test_of_what_is_no_digest_nothing_is_left(value: str) -> None:
    text = masked(f"Authorization: {value}\r\nNote: Digest nonce=abcdef, digest=abcdef".encode())
    assert "b3V" not in text
    assert "abc" not in text


def test_words_of_another_charset_are_read() -> None:
    assert masked("MESSAGE x\r\n\r\n<Name>实验小学</Name>".encode("gb18030")).endswith("<Name>实验小学</Name>")
    assert masked(b"\xff\xfe\x00", "secret") != ""


class Moment:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def now() -> Moment:
    return Moment()


def recording(folder: Path, now: Moment) -> Capture:
    return Capture(folder / "county-capture", "county", "geheim1", now)


def test_it_records_from_when_it_is_asked_until_then(tmp_path: Path, now: Moment) -> None:
    one = recording(tmp_path, now)
    one("in", PEER, b"OPTIONS early")
    assert not list(tmp_path.iterdir())
    until = AT + timedelta(minutes=1)
    one.ask(until)
    one("in", PEER, b"OPTIONS one")
    one("out", PEER, b"SIP/2.0 200 geheim1")
    one.ask(until)  # the same again is no other
    now.at = until
    one("in", PEER, b"OPTIONS late")
    one.ask(until)
    assert one.file is not None
    assert one.file.name == "county-20260301T234109.txt"
    assert stat.S_IMODE(one.file.stat().st_mode) == 0o600
    assert one.file.read_text() == (
        "2026-03-01T23:41:09.000+00:00 in 10.20.0.5:5060\nOPTIONS one\n\n"
        "2026-03-01T23:41:09.000+00:00 out 10.20.0.5:5060\nSIP/2.0 200 ***\n\n"
    )
    assert (one.messages, one.asked) == (2, until)
    one.ask(None)
    assert (one.messages, one.asked, one.file) == (0, None, None)


def test_nobody_records_for_longer_than_an_hour_or_more_than_there_is_room(
    tmp_path: Path, now: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = recording(tmp_path, now)
    one.ask(AT + timedelta(days=1))
    now.at = AT + timedelta(hours=1)
    one("in", PEER, b"late")
    assert one.messages == 0
    monkeypatch.setattr(capture, "MOST", 200)
    one.ask(now.at + timedelta(minutes=1))
    for _ in range(9):
        one("in", PEER, b"x" * 40)
    assert one.file is not None
    assert one.messages == 2
    assert one.file.read_text().endswith("# no more than 200 bytes\n")


def test_what_cannot_be_written_holds_nobody_up(tmp_path: Path, now: Moment) -> None:
    (tmp_path / "county-capture").write_text("a file where the folder should be")
    one = recording(tmp_path, now)
    one.ask(AT + timedelta(minutes=1))
    one("in", PEER, b"OPTIONS")
    assert (one.file, one.messages) == (None, 0)

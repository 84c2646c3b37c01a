"""G17 of the reference's acceptance tests, and that nothing that comes over the wire does harm."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.digest import Unsupported, authorization, read_challenge
from connectors.gb28181 import manscdp
from connectors.gb28181.config import LinkConfig
from connectors.gb28181.message import BadMessage, Request, address_of, read, write
from connectors.gb28181.stream import Frames
from gateway.model.errors import BadInput
from tests.unit.gb28181.desk import OURS, PASSWORD, PEER, SERVER, Desk, query, start

ONE = Desk().message(query("DeviceInfo"))
TWO = Desk().message(query("Catalog"))


def test_the_digest_is_the_references() -> None:
    challenge = read_challenge('Digest realm="3402000000", nonce="5f3c9a7e21d04b66"')
    uri = "sip:34020000002000000001@192.0.2.10:5060"
    plain = authorization(challenge, "REGISTER", uri, OURS, PASSWORD, "0a4f113b")
    assert 'response="c745619dce3a1b75e8ea0459e2f2f679"' in plain
    with_qop = authorization(challenge._replace(qop="auth"), "REGISTER", uri, OURS, PASSWORD, "0a4f113b")
    assert 'response="5701c186a4616954e6f671c47d0daf58"' in with_qop


def test_g17_two_messages_in_one_segment_and_one_over_three() -> None:
    frames = Frames()
    assert frames.feed(ONE + b"\r\n\r\n" + TWO) == [ONE, TWO]
    assert [frames.feed(part) for part in (ONE[:40], ONE[40:300], ONE[300:] + TWO[:10])] == [[], [], [ONE]]
    assert frames.feed(TWO[10:]) == [TWO]


@given(cuts=st.lists(st.integers(0, len(ONE + TWO + ONE)), max_size=12))
def test_however_a_stream_is_cut_the_same_messages_come_out(cuts: list[int]) -> None:
    whole, frames, found = ONE + TWO + ONE, Frames(), []
    for begins, ends in itertools.pairwise([0, *sorted(cuts), len(whole)]):
        found += frames.feed(whole[begins:ends])
    assert found == [ONE, TWO, ONE]


def test_a_stream_that_is_no_sip_ends() -> None:
    with pytest.raises(BadMessage):
        Frames().feed(b"x" * 70_000)
    with pytest.raises(BadMessage):
        Frames().feed(ONE.replace(b"Content-Length: ", b"Content-Length: 9999999"))


def test_what_field_devices_write_is_read() -> None:
    xml = query("Catalog").encode()
    loose = (
        b"MESSAGE sip:34020000012005000001@192.0.2.20 SIP/2.0\nv: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKa\n"
        b"f: <sip:34020000002000000001@3402000000>;tag=1\nt:<sip:34020000012005000001@3402000000>\ni: 1\n"
        b"cseq: 5\n MESSAGE\nc: application/manscdp+XML; charset=gb2312\n\n" + xml + b"\r\n\0"
    )
    told = read(loose)
    assert isinstance(told, Request)
    assert told.headers.first("call-id") == "1"
    assert manscdp.read(told.body).cmd_type == "Catalog"
    # A length that counts characters is shorter than the bytes: the last tags are not lost for it.
    chinese = "<Query><CmdType>Catalog</CmdType><Name>实验小学东门</Name></Query>"
    short = (
        Desk().message(b"x").replace(b"Content-Length: 1\r\n\r\nx", f"Content-Length: {len(chinese)}\r\n\r\n".encode())
    )
    told = read(short + chinese.encode("gb18030"))
    assert manscdp.read(told.body).text("Name") == "实验小学东门"
    desk = Desk()
    desk.register()
    assert start(desk.hear(loose)[0]) == "SIP/2.0 200 OK"


def test_attributes_null_and_bare_ampersands_of_the_field_are_read() -> None:
    told = manscdp.read(b'<notify CmdType="Alarm" SN="8"><DeviceID>null</DeviceID><Info>A & B &lt;</Info></notify>')
    assert (told.root, told.cmd_type, told.sn, told.device, told.text("info")) == ("Notify", "Alarm", 8, "", "A & B <")


@pytest.mark.parametrize(
    "broken",
    [b"", b"\0\0", b"GET / HTTP/1.1\r\n\r\n", b"SIP/2.0 x OK\r\n\r\n", ONE.replace(b"CSeq", b"XSeq"),
     ONE.replace(b"1 MESSAGE", b"1 INVITE"), ONE.replace(b"Via", b"V\xff a"), b"A: b\r\n" * 500,
     b"MESSAGE a SIP/2.0\r\n" + b"a: b\r\n" * 200],
)  # fmt: skip
def test_what_is_no_message_is_refused(broken: bytes) -> None:
    with pytest.raises(BadMessage):
        read(broken)


@given(data=st.binary(max_size=400))
def test_bytes_are_a_message_or_refused(data: bytes) -> None:
    try:
        read(data)
    except BadMessage:
        return


@given(data=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f"<Query>{text}</Query>".encode()))
def test_a_body_is_read_or_refused(data: bytes) -> None:
    try:
        manscdp.read(data)
    except BadInput:
        return


@settings(max_examples=300)
@given(at=st.integers(0, len(TWO) - 1), put=st.binary(max_size=6), cut=st.integers(0, 8), known=st.booleans())
def test_no_message_however_spoilt_ends_the_link(at: int, put: bytes, cut: int, known: bool) -> None:
    desk = Desk()
    desk.register()
    desk.hear(TWO[:at] + put + TWO[at + cut :], PEER if known else ("192.0.2.66", 1))
    desk.wait(1)
    assert start(desk.ask(query("DeviceInfo"), branch="z9hG4bKother")[0]) == "SIP/2.0 200 OK"


@given(text=st.text(max_size=80))
def test_a_challenge_or_an_address_is_read_or_refused(text: str) -> None:
    address_of(text)
    try:
        read_challenge(text)
    except Unsupported:
        return


@given(text=st.text(max_size=60))
def test_any_text_survives_the_way(text: str) -> None:
    written = manscdp.write("Notify", [("CmdType", "Alarm"), ("Text", f"字{text}字")], charset="GB2312")
    assert b"&#" not in written.replace(f"字{text}字".encode("gb18030", "ignore"), b"")
    kept = "".join(
        letter
        for letter in text
        if letter in "\t\n\r" or " " <= letter <= "\ud7ff" or "\ue000" <= letter <= "\ufffd" or letter >= "\U00010000"
    )
    assert manscdp.read(written).text("Text") == f"字{kept}字".replace("\r\n", "\n").replace("\r", "\n")


def test_a_header_cannot_bring_another() -> None:
    asked = read(ONE)
    assert isinstance(asked, Request)
    with pytest.raises(ValueError, match="line end"):
        write(asked._replace(uri="sip:a\r\nX: y"))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"device_id": SERVER}, "own code"), ({"password": None}, "password"), ({"server": "192.0.2.10"}, "server"),
        ({"server": "192.0.2.10:99999"}, "port"), ({"device_id": "123"}, "device_id"), ({"colour": "red"}, "colour"),
    ],
)  # fmt: skip
def test_a_link_that_cannot_work_is_said(told: dict[str, str], why: str) -> None:
    good = {"server_id": SERVER, "server": "192.0.2.10:5060", "device_id": OURS, "password": PASSWORD}
    assert LinkConfig(**good).advice() == []
    with pytest.raises(ValueError, match=why):
        LinkConfig(**{**good, **told})


def test_what_is_seldom_meant_is_said() -> None:
    config = LinkConfig(
        server_id=OURS[:10] + "118" + SERVER[13:], server="a:1", device_id="11010100001320000001", password="x"
    )
    assert len(config.advice()) == 3

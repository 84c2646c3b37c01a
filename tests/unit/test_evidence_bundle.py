"""A bundle proves itself: whatever is changed in it is found, and where; what nobody changed is right."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence import bundle, chain, heads
from gateway.evidence.signing import Signer, fingerprint, is_signed
from gateway.evidence.verify import Report, verify
from gateway.model.errors import BadInput

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SIGNER, OTHER = Signer(b"\1" * 32), Signer(b"\2" * 32)
STATION = "county-1"
EVENTS = b"\n".join(
    chain.canonical({"device": "button-1", "id": f"e{n}", "ts": NOW + timedelta(seconds=n)}) for n in range(4)
)


def kept(seq: int, *, incident: int | None = 7, contents: tuple[chain.Content, ...] = (), **what: Any) -> bytes:
    return chain.record(
        STATION, seq, NOW + timedelta(seconds=seq), "alert", what, incident=incident, alert=3, contents=contents
    )


def made(
    *, records: Callable[[list[bytes]], list[bytes]] = lambda records: records, signer: Signer = SIGNER,
    before: str | None = None, lines: Callable[[list[Any]], list[Any]] = lambda lines: lines, end: int = 0,
    without: bool = False, **told: Any,
) -> bytes:  # fmt: skip
    """A bundle of records 5 to 9: two are the incident's, the last one is signed."""
    event, picture = chain.content_of("events.jsonl", "application/x-ndjson", EVENTS), b"\xff\xd8\xff picture"
    photo = chain.content_of("photo.jpg", "image/jpeg", picture)
    own = records(
        [kept(5, contents=(event,)), kept(6, incident=8), kept(7, incident=None), kept(8, contents=(photo,)), kept(9)]
    )
    before = before or chain.genesis("what came before")
    links = chain.follow(before, 5, [chain.digest(one) for one in own])
    shown = [
        {"seq": link.seq, "record": one.decode()} if link.seq in {5, 8} else {"seq": link.seq, "digest": link.digest}
        for link, one in zip(links, own, strict=True)
    ]
    last = links[-1 - end]
    parts = {
        bundle.CHAIN: b"\n".join(chain.canonical(line) for line in lines(shown)),
        bundle.HEADS: chain.canonical(heads.head(STATION, last.seq, last.link, NOW, signer)),
        bundle.path_of(5, "events.jsonl"): EVENTS,
        bundle.path_of(8, "photo.jpg"): picture,
        "README.txt": "请核对".encode(),
    }
    if without:
        del parts[bundle.path_of(8, "photo.jpg")]
    manifest = {
        "bundle": "b-1", "station": STATION, "incident": 7, "gone": [], "unreadable": [],
        "chain": {"first": 5, "before": before}, **told,
    }  # fmt: skip
    return bundle.packed(manifest, parts, signer)


def wrong(report: Report) -> dict[str, str]:
    """What was found wrong, and where."""
    return {finding.what: finding.where for finding in report.findings if not finding.is_right}


def repacked(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The same bundle with other parts, as somebody without the key would make it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
        comment = archive.comment
    change(parts)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, part in sorted(parts.items()):
            archive.writestr(name, part)
        archive.comment = comment
    return held.getvalue()


GOOD = made()


def test_what_nobody_changed_is_whole() -> None:
    report = verify(GOOD, SIGNER.fingerprint)
    assert wrong(report) == {}
    assert report.is_whole
    assert report.signer == SIGNER.fingerprint
    assert (report.manifest["incident"], report.manifest["station"]) == (7, STATION)
    assert [finding.what for finding in report.findings] == [
        "archive", "seal", "signer", "manifest", "files", "chain", "records",
    ]  # fmt: skip


def test_the_same_is_packed_into_the_same_bytes() -> None:
    assert made() == GOOD


def test_one_flipped_bit_anywhere_is_found() -> None:
    dice = random.Random(7)
    for at in range(len(GOOD)):
        flipped = bytearray(GOOD)
        flipped[at] ^= 1 << dice.randrange(8)
        assert not verify(bytes(flipped)).is_whole, f"byte {at} of {len(GOOD)}"


def test_one_byte_more_or_less_is_found() -> None:
    for content in (GOOD + b"\n", b"\n" + GOOD, GOOD[:-1], GOOD[1:], GOOD[: len(GOOD) // 2], b""):
        assert not verify(content).is_whole


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (bundle.path_of(5, "events.jsonl"), {"files": "frozen/5/events.jsonl", "records": "frozen/5/events.jsonl"}),
        (bundle.path_of(8, "photo.jpg"), {"files": "frozen/8/photo.jpg", "records": "frozen/8/photo.jpg"}),
        ("README.txt", {"files": "README.txt"}),
        (bundle.MANIFEST, {"manifest": "manifest.json"}),
        (bundle.CHAIN, {"files": "chain.jsonl"}),
    ],
)
def test_where_something_was_changed_is_said(path: str, where: dict[str, str]) -> None:
    def change(parts: dict[str, bytes]) -> None:
        parts[path] = (
            parts[path].replace(b"e2", b"e3").replace(b"picture", b"pictuer").replace("请".encode(), b"") + b" "
        )

    found = wrong(verify(repacked(GOOD, change)))
    assert "seal" in found
    for what, told in where.items():
        assert told in found[what]


def test_a_file_taken_out_put_in_or_renamed_is_found() -> None:
    path = bundle.path_of(8, "photo.jpg")

    def taken_out(parts: dict[str, bytes]) -> None:
        del parts[path]

    def put_in(parts: dict[str, bytes]) -> None:
        parts["frozen/8/another.jpg"] = b"x"

    assert wrong(verify(repacked(GOOD, taken_out)))["files"] == f"{path} is missing"
    assert wrong(verify(repacked(GOOD, put_in)))["files"] == "frozen/8/another.jpg is not listed"


# What follows has the key: the station itself, or whoever took it, makes a bundle out of a chain that was changed.


def test_a_removed_record_leaves_a_gap_or_another_chain() -> None:
    assert wrong(verify(made(lines=lambda lines: [*lines[:2], *lines[3:]])))["chain"].startswith("record 7 is missing")

    def renumbered(lines: list[Any]) -> list[Any]:
        return [{**line, "seq": 5 + n} for n, line in enumerate([*lines[:2], *lines[3:]])]

    assert "its end is not signed" in wrong(verify(made(lines=renumbered)))["chain"]


def test_reordered_records_are_another_chain() -> None:
    def swapped(lines: list[Any]) -> list[Any]:
        second, third = lines[1], lines[2]
        return [lines[0], {**third, "seq": 6}, {**second, "seq": 7}, *lines[3:]]

    assert "up to record 9 the chain is not the one that was signed" in wrong(verify(made(lines=swapped)))["chain"]


def test_a_changed_time_is_another_chain() -> None:
    def later(lines: list[Any]) -> list[Any]:
        return [{**lines[0], "record": lines[0]["record"].replace("08:00:05", "08:00:06")}, *lines[1:]]

    assert "chain" in wrong(verify(made(lines=later)))


def test_a_record_that_is_older_than_the_one_before_it_is_found() -> None:
    def back(records: list[bytes]) -> list[bytes]:
        return [*records[:3], records[3].replace(b"08:00:08", b"07:00:08"), records[4]]

    assert "from before the one it follows" in wrong(verify(made(records=back)))["records"]


def test_an_end_without_a_signature_is_found() -> None:
    assert wrong(verify(made(end=1)))["chain"] == "its end is not signed"


def test_another_stations_records_are_found() -> None:
    assert "another station's" in wrong(verify(made(station="county-2")))["records"]


def test_who_signed_it_is_asked() -> None:
    theirs = made(signer=OTHER)
    assert verify(theirs).is_whole, "it is whole, and says to compare the key"
    assert "compare" in verify(theirs).findings[2].where
    assert wrong(verify(theirs, SIGNER.fingerprint))["signer"].startswith(f"signed by {OTHER.fingerprint}")


def test_contents_that_are_missing_are_said() -> None:
    def without(parts: dict[str, bytes]) -> None:
        del parts[bundle.path_of(8, "photo.jpg")]

    assert "is missing, which record 8 speaks for" in wrong(verify(repacked(GOOD, without)))["records"]


@pytest.mark.parametrize("absent", ["gone", "unreadable"])
def test_contents_that_are_said_not_to_be_there_are_told_of(absent: str) -> None:
    report = verify(made(without=True, **{absent: [{"seq": 8, "name": "photo.jpg"}]}))
    assert report.is_whole
    assert {"gone": "let go of", "unreadable": "could not open"}[absent] in report.findings[-1].where
    loose = verify(made(**{absent: [{"seq": 6, "name": "x"}]}))
    assert "it says of x that it is not there" in wrong(loose)["records"]
    hidden = verify(made(**{absent: [{"seq": 8, "name": "photo.jpg"}]}))
    assert "no record speaks for it" in wrong(hidden)["records"], "it is there after all"


def test_a_record_that_speaks_for_one_thing_twice_is_refused() -> None:
    twice = chain.content_of("events.jsonl", "application/x-ndjson", EVENTS)

    def again(records: list[bytes]) -> list[bytes]:
        return [kept(5, contents=(twice, twice)), *records[1:]]

    assert "twice" in wrong(verify(made(records=again)))["records"]


@pytest.mark.parametrize("seq", ["1e999", "Infinity", "NaN", "1" * 5000])
def test_numbers_beyond_numbers_are_answered(seq: str) -> None:
    changed = repacked(GOOD, lambda parts: parts.__setitem__(bundle.HEADS, f'{{"seq":{seq}}}'.encode()))
    assert "chain" in wrong(verify(changed))


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP256R1()).public_key(), x25519.X25519PrivateKey.generate().public_key()]
)
def test_another_sort_of_key_is_answered(key: Any) -> None:
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert not verify(repacked(GOOD, lambda parts: parts.__setitem__(bundle.KEY, pem))).is_whole


@pytest.mark.parametrize(
    "raw", [b"\0" * 32, b"\1" + b"\0" * 31, b"\1" + b"\0" * 30 + b"\x80", b"\xec" + b"\xff" * 30 + b"\x7f"]
)
def test_a_key_that_would_sign_anything_is_refused(raw: bytes) -> None:
    pem = Ed25519PublicKey.from_public_bytes(raw).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(BadInput, match="sign anything"):
        fingerprint(pem)


def test_nothing_is_asked_of_a_bundle_that_another_signed() -> None:
    report = verify(made(signer=OTHER), SIGNER.fingerprint)
    assert [finding.what for finding in report.findings] == ["archive", "seal", "signer"]


@given(st.binary(max_size=400))
def test_whatever_it_is_given_it_answers(content: bytes) -> None:
    report = verify(content)
    assert not report.is_whole
    assert report.findings[0].what == "archive"


PARTS = st.sampled_from([bundle.MANIFEST, bundle.CHAIN, bundle.HEADS, bundle.KEY, bundle.SIGNATURE])
WORDS = st.sampled_from(["v", "files", "chain", "seq", "record"])
JSON = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
).map(lambda told: json.dumps(told).encode())


@given(PARTS, st.binary(max_size=60) | JSON)
def test_whatever_a_part_says_it_answers(path: str, content: bytes) -> None:
    assert not verify(repacked(GOOD, lambda parts: parts.__setitem__(path, content))).is_whole


@pytest.mark.parametrize("size", [1, 10_000_000])
def test_what_is_packed_is_not_opened(size: int) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"0" * size)
    assert "we pack nothing" in wrong(verify(held.getvalue()))["archive"]


def test_files_that_share_their_bytes_are_not_read() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a", b"0" * 100_000)
        (first,) = archive.infolist()
        for n in range(2000):  # each entry of the directory points at the same hundred thousand bytes
            again = zipfile.ZipInfo(f"b{n}")
            for name in ("file_size", "compress_size", "CRC", "header_offset"):
                setattr(again, name, getattr(first, name))
            archive.filelist.append(again)
    assert "larger than it is" in wrong(verify(held.getvalue()))["archive"]


# ── keys and lines ──────────────────────────────────────────────────────────────────────────────────────


def test_a_signature_is_of_one_thing_by_one_key() -> None:
    signature = SIGNER.sign("head", b"a")
    assert is_signed(SIGNER.public, "head", b"a", signature)
    for public, about, content in (
        (OTHER.public, "head", b"a"),
        (SIGNER.public, "bundle", b"a"),
        (SIGNER.public, "head", b"b"),
    ):
        assert not is_signed(public, about, content, signature)
    assert not is_signed(SIGNER.public, "head", b"a", "no hex")
    with pytest.raises(BadInput):
        fingerprint(b"no key")


def test_sm3_is_the_standards() -> None:
    # GB/T 32905-2016, annex A.1 and A.2
    assert chain.sm3(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert chain.sm3(b"abcd" * 16) == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=2, max_size=8, unique=True), st.data())
def test_no_other_row_of_records_has_the_same_end(records: list[bytes], data: st.DataObject) -> None:
    def end(row: list[bytes]) -> str:
        return chain.follow(chain.genesis("s"), 1, [chain.digest(one) for one in row])[-1].link

    other = data.draw(st.permutations(records))
    assert (end(other) == end(records)) == (other == records)
    assert end(records[:-1]) != end(records)

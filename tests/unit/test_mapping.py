"""Definitions of mappings: what is taken, and what a wrong one is told: file, line, field, what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.decoders import Decoders, load_mappings
from connectors.mapping.decode import Mapping
from connectors.mapping.definition import parse
from connectors.mapping.topics import covers, overlap, pattern_of
from connectors.settling import in_order
from gateway.mapped_rights import rights_of, subjects
from gateway.model.errors import BadInput, Misconfigured
from gateway.model.event import Report
from gateway.model.ports import Delivery
from gateway.mosquitto import access_file
from tests.station import make_site

AT = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
GOOD = """\
name: acme
topics:
  - acme/{unit}/evt
device: topic.unit
events:
  - kind: door.forced
    when: message.ev == 'FORCED'
"""


def take(text: str, message: str, topic: str = "acme/a/evt", **more: Any) -> list[Report]:
    return Decoders("town", [Mapping(*parse(text, "acme.yaml"))])(Delivery("t", topic, message.encode(), AT, **more))


def why(text: str) -> str:
    with pytest.raises(Misconfigured) as refused:
        Mapping(*parse(text, "acme.yaml"))
    return str(refused.value)


# ── what a wrong file is told ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "to", "told"),
    [
        ("name: acme", "name: Acme Ltd", "acme.yaml, line 1, name: "),
        ("device: topic.unit", "devise: topic.unit", "acme.yaml, line 1: Object contains unknown field `devise`"),
        ("device: topic.unit", "device: topic.unit +", "line 4, device: 'topic.unit +' is no CEL"),
        ("device: topic.unit", "device: barrier", "line 4, device: 'barrier' speaks of 'barrier'; there are"),
        ("device: topic.unit", "device: upper(topic.unit)", "calls upper(), which there is not"),
        ("kind: door.forced", "kind: forced", "line 6, events[0].kind: 'forced' is no kind; write noun.verb"),
        ("kind: door.forced", "kind: {true: door.forced}", "kinds by value need a `state`"),
        ("when: message.ev == 'FORCED'", "state: message.ev", "say which value makes which kind"),
        ("when: message", "wenn: message", "acme.yaml, line 6, events[0]: Object contains unknown field `wenn`"),
        ("acme/{unit}/evt", "acme/+/evt", "acme.yaml, line 3, topics[0]: 'acme/+/evt': write {name} instead of +"),
        ("acme/{unit}/evt", "anxin/v1/{unit}", "speak the gateway's own format"),
        ("acme/{unit}/evt", "'{a}/{b}'", "reaches topics below anxin/v1/"),
        ("acme/{unit}/evt", "'{all...}'", "reaches topics below anxin/v1/"),
        ("acme/{unit}/evt", "a{unit}/evt", "a level is either a word or one {name}"),
        ("acme/{unit}/evt", "acme/{u...}/evt", "takes all that follows, so it must come last"),
        ("acme/{unit}/evt", "acme/{u}/{u}", "names {u} twice"),
        ("acme/{unit}/evt", "acme/{path}", "`topic.path` is the whole topic already"),
        ("acme/{unit}/evt", "$SYS/{unit}", "the broker's own"),
        ("acme/{unit}/evt", "acme//evt", "no level of a topic"),
        ("events:", "timezone: Shanghai\nat: message.t\nevents:", "line 5, timezone: 'Shanghai' is no time zone"),
        ("events:", "publisher: a b\nevents:", "acme.yaml, line 5, publisher: "),
        ("events:", "otherwise: shout\nevents:", "acme.yaml, line 5, otherwise: "),
        ("  - kind", "  - {{", "no YAML"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_where_and_what_to_do(change: str, to: str, told: str) -> None:
    assert change in GOOD
    assert told in why(GOOD.replace(change, to))


def test_what_a_file_and_its_base_lack_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: a\ntopics: [a]\nevents: [{kind: a.b}]")
    with pytest.raises(Misconfigured, match=r"a\.yaml, line 1: `device` is missing"):
        load_mappings([tmp_path])
    with pytest.raises(Misconfigured, match="cannot be read: No such file"):
        load_mappings([tmp_path / "none.yaml"])


def test_two_mappings_do_not_read_the_same(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(GOOD.replace("name: acme", f"name: {name}"))
    with pytest.raises(Misconfigured, match="the mappings a and b read the same topics"):
        load_mappings([tmp_path])
    with pytest.raises(Misconfigured, match="two mappings are called frigate"):
        load_mappings([Path("frigate"), Path("frigate")])


# ── topics ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("wide", "narrow", "it_does"),
    [
        ("a/b", "a/b", True), ("a/+", "a/b", True), ("a/b", "a/+", False), ("a/#", "a", True), ("a/#", "a/+/c", True),
        ("a/+", "a/b/c", False), ("+/x/#", "a/+/b", False), ("a", "a/b", False), ("a/#", "a/#", True),
        ("a/b/#", "a/#", False),
    ],
)  # fmt: skip
def test_what_covers_what(wide: str, narrow: str, it_does: bool) -> None:
    assert covers(wide, narrow) is it_does


def test_what_overlaps() -> None:
    assert overlap("frigate/+/status/+", "+/onvif-ej/#")
    assert overlap("a/#", "a")
    assert not overlap("a/b/c/#", "a/b")
    assert not overlap("a/+", "b/+")


def test_levels_by_name() -> None:
    pattern = pattern_of("{camera}/onvif-ej/{about...}")
    assert pattern.filter == "+/onvif-ej/#"
    path = "Gate1/onvif-ej/Video/&1"
    assert pattern.match(path) == {"camera": "Gate1", "about": "Video/&1", "path": path}
    assert pattern.match("Gate1/onvif-ej") is None
    assert pattern.match("a/b/onvif-ej/x") is None


def test_rights_and_their_names_at_the_embedded_broker(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD + "publisher: box\n")
    rights = rights_of(load_mappings([tmp_path, Path("onvif")]))
    assert rights.reads == ("acme/+/evt", "+/onvif-ej/#")
    assert rights.roots == ("acme/#", "+/onvif-ej/#")
    assert rights.publishers == {"box": ("acme/#",)}
    assert subjects(["a/+/b.c", "a/#"]) == ["a.*.b//c", "a.>", "a"]
    sections = access_file(make_site(1), rights).split("\n\n")
    lines = {section.splitlines()[0]: section.splitlines()[1:] for section in sections if section.startswith("user")}
    assert {"topic read acme/+/evt", "topic read +/onvif-ej/#"} <= set(lines["user anxin-gateway"])
    assert "topic readwrite acme/#" in lines["user anxin-integrator"]
    assert lines["user box"] == ["topic readwrite acme/#"]
    assert access_file(make_site(1)).count("acme") == 0


# ── what a message becomes ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_device_by_the_table() -> None:
    text = GOOD + "devices: {a: door-1, b: null}\n"
    (report,) = take(text, '{"ev": "FORCED"}')
    assert (report.device, report.kind, report.ts, report.timed) == ("door-1", "door.forced", AT, False)
    assert take(text, '{"ev": "FORCED"}', "acme/b/evt") == []
    with pytest.raises(BadInput, match="'c' is not among the `devices`") as refused:
        take(text, '{"ev": "FORCED"}', "acme/c/evt")
    assert refused.value.reason == "unmapped"


def test_what_fits_nothing() -> None:
    with pytest.raises(BadInput) as refused:
        take(GOOD, '{"ev": "OTHER"}')
    assert refused.value.reason == "unmapped"
    assert take(GOOD + "otherwise: ignore\n", '{"ev": "OTHER"}') == []
    assert take(GOOD + "ignore: [has(message.hb)]\n", '{"hb": 1}') == []


@pytest.mark.parametrize(
    ("told", "unit", "moment"),
    [
        ("1795314000", "s", "2026-11-22T02:20:00+00:00"),
        ("1795314000.25", "s", "2026-11-22T02:20:00.250000+00:00"),
        ("1795314000250", "ms", "2026-11-22T02:20:00.250000+00:00"),
        ('"2026-11-22T02:20:00Z"', "ms", "2026-11-22T02:20:00+00:00"),
        ('"2026-11-22 10:20:00"', "iso", "2026-11-22T02:20:00+00:00"),
        ("null", "s", None),
    ],
)
def test_times(told: str, unit: str, moment: str | None) -> None:
    text = GOOD + f"at: message.t\nunit: {unit}\ntimezone: Asia/Shanghai\n"
    (report,) = take(text, f'{{"ev": "FORCED", "t": {told}}}')
    assert (report.ts.isoformat() if report.timed else None) == moment


def test_an_identity_makes_repetitions_one_event() -> None:
    text = GOOD + "    once: message.seq\n    data: {conf: message.conf, zone: \"'a'\", n: 3, gone: message.gone}\n"
    (first,) = take(text, '{"ev": "FORCED", "seq": 1, "conf": 0.5}')
    (again,) = take(text, '{"ev": "FORCED", "seq": 1, "conf": 0.9}')
    (other,) = take(text, '{"ev": "FORCED", "seq": 2, "conf": 0.5}')
    assert first.data == {"conf": 0.5, "zone": "a", "n": 3}
    assert (first.id, first.digest) == (again.id, again.digest)
    assert first.id != other.id
    assert first.memory is None
    with pytest.raises(BadInput, match=r"once: message\.seq") as refused:
        take(text, '{"ev": "FORCED"}')
    assert refused.value.reason == "mapping_failed"


def test_a_button_without_time_or_identity_is_remembered_by_its_message() -> None:
    (report,) = take(GOOD, '{"ev": "FORCED"}')
    assert report.memory is not None
    assert report.memory.value is None
    assert not report.memory.timed


def test_what_the_broker_kept_is_no_news_unless_the_mapping_says_so() -> None:
    assert take(GOOD, '{"ev": "FORCED"}', retained=True) == []
    assert len(take(GOOD + "retained: event\n", '{"ev": "FORCED"}', retained=True)) == 1
    state = GOOD.replace("when: message.ev == 'FORCED'", "state: message.ev").replace(
        "door.forced", "{on: door.opened}"
    )
    (report,) = take(state, '{"ev": "on"}', retained=True)
    assert report.memory is not None
    assert report.memory.baseline


def test_a_bare_word_and_an_empty_message() -> None:
    text = GOOD.replace("message.ev == 'FORCED'", "message == 'ON'")
    assert len(take(text, "ON")) == 1
    assert take(text, "") == []


def test_what_comes_after_a_connection_is_put_in_order() -> None:
    def one(name: str, seconds: int, **more: Any) -> Delivery:
        return Delivery("t", name, b"", AT + timedelta(seconds=seconds), **more)

    came = [one("kept", 0, retained=True), one("new", 1), one("old", 2, again=True), one("older", 3, again=True)]
    ordered = in_order(came, AT)
    assert [delivery.topic for delivery in ordered] == ["old", "older", "new", "kept"]
    assert ordered[0].received_at < ordered[1].received_at < ordered[2].received_at

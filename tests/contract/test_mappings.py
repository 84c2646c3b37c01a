"""The mappings that come with Anxin become what their samples say; no topic, payload or mapping breaks a decoder."""

from __future__ import annotations

import json
from collections.abc import Mapping as Named
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.decoders import Decoders, load_mappings
from connectors.mapping.decode import Mapping
from connectors.mapping.definition import BUILT_IN, CONNECTORS, parse
from connectors.payload import MOST_BYTES, MOST_DEPTH
from gateway.doctor.waiting import REMEDIES
from gateway.model.errors import BadInput, Misconfigured
from gateway.model.event import EVENT_KINDS, NO_EVENT, Report
from gateway.model.ports import Delivery

SAMPLES = [path for name in BUILT_IN for path in sorted((CONNECTORS / name / "samples").glob("*.json"))]
RECEIVED_AT = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
ALL = Decoders("town", load_mappings([Path(name) for name in BUILT_IN]))
#: What stands in no list of docs/mqtt.md: stored, shown, for rules of a station's own.
KINDS_OF_THEIR_OWN = {"camera.line_crossed"}


def read(sample: Path) -> tuple[Delivery, dict[str, Any]]:
    told = json.loads(sample.read_text(encoding="utf-8"))
    text = told["text"] if "text" in told else json.dumps(told["payload"], ensure_ascii=False)
    return Delivery("test", told["topic"], text.encode(), RECEIVED_AT, retained=told.get("retained", False)), told


def said(report: Report) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": report.kind, "device": report.device, "data": report.data}
    if report.memory is not None and report.memory.value is not None:
        told["state"] = report.memory.value
    if report.timed:
        told["ts"] = report.ts.isoformat()
    return told


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parents[1].name}-{path.stem}")
def test_each_sample_becomes_what_it_says(sample: Path) -> None:
    delivery, told = read(sample)
    reports = ALL(delivery)
    assert [said(report) for report in reports] == told["becomes"]
    assert {report.station for report in reports} <= {"town"}
    assert all(report.ts == RECEIVED_AT for report in reports if not report.timed)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parents[1].name}-{path.stem}")
def test_no_sample_says_who_somebody_is(sample: Path) -> None:
    delivery, _ = read(sample)
    told = msgspec.json.encode(ALL(delivery)).decode()
    assert "张三" not in told
    assert "陕A" not in told


@pytest.mark.parametrize("name", BUILT_IN)
def test_samples_say_every_kind_of_a_mapping_and_all_are_known(name: str) -> None:
    events = yaml.safe_load((CONNECTORS / name / "mapping.yaml").read_text())["events"]
    kinds = {kind for event in events for kind in (
        event["kind"].values() if isinstance(event["kind"], dict) else [event["kind"]])}  # fmt: skip
    shown = {
        told["kind"]
        for path in SAMPLES
        if path.parents[1].name == name
        for told in json.loads(path.read_text())["becomes"]
    }
    untold = {"device.tamper"} if name == "zigbee2mqtt" else set()  # as motion is, with another word
    assert kinds - shown <= untold
    assert kinds <= {*EVENT_KINDS, *KINDS_OF_THEIR_OWN}


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_connector_is_the_same_small_set_of_files(name: str) -> None:
    folder = CONNECTORS / name
    told = yaml.safe_load((folder / "connector.yaml").read_text())
    assert told["name"] == name
    assert (folder / "README.md").read_text(encoding="utf-8").startswith(f"# {name}\n")


def test_timed_and_named_events_are_the_same_when_they_come_again() -> None:
    for sample in SAMPLES:
        delivery, _ = read(sample)
        later = Delivery("test", delivery.topic, delivery.payload, datetime(2026, 11, 23, tzinfo=UTC))
        again = {(r.id, r.digest) for r in ALL(later) if r.timed}
        assert {(r.id, r.digest) for r in ALL(delivery) if r.timed} <= again | {
            (r.id, r.digest) for r in ALL(delivery) if delivery.retained
        }


def test_a_repetition_that_says_more_is_the_same_event() -> None:
    delivery, told = read(CONNECTORS / "frigate" / "samples" / "person-new.json")
    more = told["payload"] | {"type": "update"}
    more["after"] = more["after"] | {"top_score": 0.97, "frame_time": more["after"]["frame_time"] + 5}
    (first,), (second,) = ALL(delivery), ALL(Delivery("test", delivery.topic, json.dumps(more).encode(), RECEIVED_AT))
    assert (first.id, first.digest) == (second.id, second.digest)
    assert first.data != second.data


# ── nothing breaks it ─────────────────────────────────────────────────────────────────────────────────────────────────

WORDS = [
    "frigate", "events", "reviews", "available", "status", "detect", "onvif-ej", "RuleEngine", "FieldDetector",
    "ObjectsInside", "VideoSource", "SignalLoss", "zigbee2mqtt", "availability", "bridge", "state", "a", "张",
    "&1", "\x00",
]  # fmt: skip
TOPICS = st.lists(st.sampled_from(WORDS) | st.text(max_size=4), min_size=1, max_size=6).map("/".join)
NAMES = [
    "after", "before", "type", "label", "camera", "id", "frame_time", "start_time", "current_zones", "entered_zones",
    "stationary", "motionless_count", "position_changes", "severity", "data", "Data", "Source", "UtcTime", "State",
    "IsInside", "Rule", "ObjectId", "contact", "occupancy", "battery", "last_seen", "action", "state", "top_score",
    "objects", "zones",
]  # fmt: skip
KEYS = st.sampled_from(NAMES)
HOSTILE = ["person", "car", "end", "fire_lane", "emergency", "true", "2026-11-22T02:20:00Z", 1e308, -1, 2**63, "\x00"]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(HOSTILE)
MESSAGES = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), part, max_size=6),
    max_leaves=25,
)
PAYLOADS = st.binary(max_size=40) | MESSAGES.map(lambda told: json.dumps(told).encode())


def judged(decode: Decoders, delivery: Delivery) -> None:
    """Decoding ends with reports or with a reason there is a remedy for, and never says what cannot be stored."""
    reasons: set[str] = set()
    told(decode, delivery, reasons)
    assert reasons <= REMEDIES.keys()


def told(decode: Decoders, delivery: Delivery, reasons: set[str]) -> None:
    try:
        reports = decode(delivery)
    except BadInput as error:
        reasons.add(error.reason)
        return
    for report in reports:
        assert report.ts.tzinfo is not None
        assert -(2**63) <= report.digest < 2**63
        assert len(report.id) <= 128
        encoded = msgspec.json.encode(report.data)
        assert len(encoded) <= MOST_BYTES
        assert b"\\u0000" not in encoded
        assert "\x00" not in report.device
        if report.memory is not None:
            assert len(report.memory.name) <= 500
            assert "\x00" not in report.memory.name + (report.memory.value or "")


@settings(max_examples=400)
@given(topic=TOPICS, payload=PAYLOADS, retained=st.booleans())
def test_no_message_breaks_a_decoder(topic: str, payload: bytes, retained: bool) -> None:
    judged(ALL, Delivery("test", topic, payload, RECEIVED_AT, retained=retained))


@settings(max_examples=300)
@given(
    st.sampled_from(["frigate/events", "frigate/reviews"]),
    st.fixed_dictionaries({"type": LEAVES, "before": MESSAGES, "after": MESSAGES}),
)
def test_nor_one_of_the_right_shape(topic: str, message: Named[str, Any]) -> None:
    judged(ALL, Delivery("test", topic, json.dumps(message).encode(), RECEIVED_AT))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xff\xd8\xff\xe0JPEG", "not_utf8"),
        (b'{"after": ', "not_json"),
        (b'{"contact": "\\u0000"}', "nul_character"),
        (b"a\x00b", "nul_character"),
        (b"[" * 5000, "too_deep"),
        (b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1), "too_deep"),
        (b'"' + b"x" * MOST_BYTES + b'"', "oversized"),
        (b'{"contact": true, "last_seen": 1e300}', "absurd_ts"),
        (b'{"contact": true, "last_seen": "9999-12-31T00:00:00Z"}', "absurd_ts"),
        (b'{"contact": true, "last_seen": "1066-10-14T00:00:00Z"}', "too_late"),
        (b'{"contact": true, "last_seen": "2026-11-22T02:20:00"}', "schema"),
        (b'{"contact": [1]}', "mapping_failed"),
    ],
)  # fmt: skip
def test_what_cannot_be_believed_has_a_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(BadInput) as refused:
        ALL(Delivery("test", "zigbee2mqtt/contact-1", payload, RECEIVED_AT))
    assert refused.value.reason == reason


WORDS_OF_A_MAPPING = [
    "name", "topics", "device", "devices", "at", "unit", "timezone", "events", "ignore", "otherwise", "retained",
    "values", "publisher", "extends", "what",
]  # fmt: skip
FIELDS = st.sampled_from(WORDS_OF_A_MAPPING)
WRITTEN = [
    "a", "a/{b}", "{x...}", "anxin/v1/a", "message.a", "message.", "topic.b", "'a'", "door.opened", "door", "frigate",
    "s", "size(1)", "foo()", "zz", "$SYS/x", "+", "#", "1 +",
]  # fmt: skip
PARTS = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(WRITTEN),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(FIELDS | st.sampled_from(["kind", "when", "state", "data", "once"]), part, max_size=5)
    ),
    max_leaves=20,
)
USABLE = {"name": "n", "topics": ["a"], "device": "'d'", "events": [{"kind": "a.b", "data": {"x": "message"}}]}


@settings(max_examples=300)
@given(st.dictionaries(FIELDS, PARTS, max_size=8), st.booleans(), PAYLOADS)
def test_no_definition_breaks_the_reader_and_what_it_takes_decodes(
    told: Named[str, Any], on_top: bool, payload: bytes
) -> None:
    try:
        definition, source = parse(yaml.safe_dump(USABLE | told if on_top else dict(told)), "some.yaml")
        mapping = Mapping(definition, source)
    except Misconfigured:
        return
    decode = Decoders("town", [mapping])
    for pattern in mapping.patterns:
        judged(decode, Delivery("test", pattern.filter.replace("+", "x").replace("#", "y"), payload, RECEIVED_AT))


def test_data_is_bounded_whatever_an_expression_makes_of_a_message() -> None:
    text = "name: big\ntopics: [a]\ndevice: \"'d'\"\nevents: [{kind: a.b, data: {x: '[message, message]'}}]"
    decode = Decoders("town", [Mapping(*parse(text, "big.yaml"))])
    with pytest.raises(BadInput) as refused:
        decode(Delivery("test", "a", json.dumps(["x" * 40_000]).encode(), RECEIVED_AT))
    assert refused.value.reason == "oversized"


def test_what_is_ignored_by_its_topic_may_be_anything() -> None:
    text = (
        "name: pics\ntopics: ['cam/{name}/{what}']\ndevice: topic.name\n"
        "ignore: [\"topic.what == 'snapshot'\"]\nevents: [{kind: a.b}]"
    )
    decode = Decoders("town", [Mapping(*parse(text, "pics.yaml"))])
    assert decode(Delivery("test", "cam/a/snapshot", b"\xff\xd8" * MOST_BYTES, RECEIVED_AT)) == []
    with pytest.raises(BadInput):
        decode(Delivery("test", "cam/a/other", b"\xff\xd8", RECEIVED_AT))


def test_a_state_without_an_event_is_told_all_the_same() -> None:
    (report,) = ALL(Delivery("test", "zigbee2mqtt/a", b'{"occupancy": false}', RECEIVED_AT))
    assert report.kind == NO_EVENT
    assert report.memory is not None
    assert report.memory.value == "false"

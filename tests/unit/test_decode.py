"""Decoding the native format: whatever comes in, out come reports or a `BadInput` whose reason is documented."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors import payload as payload_checks
from connectors.native import decode as native
from gateway.model.errors import BadInput
from gateway.model.event import Report
from gateway.model.ports import Delivery

RECEIVED_AT = datetime(2026, 11, 22, tzinfo=UTC)
TOPIC = "anxin/v1/st/door-1/event"
#: As the module's own documentation lists them.
REASONS = frozenset(re.findall(r"`([a-z_0-9]+)`", (native.__doc__ or "").split("carries:")[1]))

quick = settings(max_examples=300, database=None)

#: Half of what is generated looks like the real thing, so that it gets past the first look.
near_topics = st.lists(
    st.sampled_from(["anxin", "v1", "st", "door-1", "event", "alarm", "status", "", "_road", "#", "门", "%s"]),
    max_size=7,
).map("/".join)
topics = st.one_of(st.just(TOPIC), st.just("anxin/v1/st/door-1/status"), near_topics, st.text(max_size=40))
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), text
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(text, inner, max_size=4)),
    max_leaves=12,
)
data = st.dictionaries(text, values, max_size=4)
kinds = st.from_regex(r"[a-z][a-z0-9_]{0,9}(\.[a-z][a-z0-9_]{0,9}){1,3}", fullmatch=True)
ids = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=128)
moments = st.datetimes(datetime(1970, 1, 3), datetime(9998, 1, 1)).flatmap(
    lambda at: st.integers(-23 * 60, 23 * 60).map(lambda offset: at.replace(tzinfo=timezone(timedelta(minutes=offset))))
)


def take(payload: bytes, topic: str = TOPIC) -> list[Report]:
    """Decode, letting through only what a caller is told to expect."""
    try:
        reports = native.decode(Delivery("test", topic, payload, RECEIVED_AT))
    except BadInput as error:
        refused = error
    else:
        cleared = topic.endswith("/status") and not payload
        assert reports or cleared or topic.endswith(("/command", "/display"))
        assert all(report.ts.tzinfo is not None for report in reports)
        return reports
    assert refused.reason in REASONS, f"{refused.reason} is not documented"
    assert str(refused), "a dead letter says why"
    return []


def why(payload: bytes, topic: str = TOPIC) -> str:
    with pytest.raises(BadInput) as refused:
        native.decode(Delivery("test", topic, payload, RECEIVED_AT))
    return refused.value.reason


def event(**fields: Any) -> bytes:
    told = {"id": "e1", "ts": "2026-11-22T08:00:00+08:00", "kind": "door.opened", "data": {}, **fields}
    return json.dumps(told, ensure_ascii=False).encode()


def test_the_reasons_are_documented() -> None:
    assert {"unknown_topic", "oversized", "not_utf8", "not_json", "schema", "claims", "too_late"} <= REASONS


@quick
@given(st.binary(max_size=300), topics)
def test_any_bytes_on_any_topic_are_reports_or_bad_input(payload: bytes, topic: str) -> None:
    take(payload, topic)


@quick
@given(st.one_of(values, st.text(max_size=20)), st.booleans())
def test_any_json_value_is_reports_or_bad_input(value: Any, ascii_only: bool) -> None:
    payload = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    for topic in (TOPIC, "anxin/v1/st/door-1/alarm", "anxin/v1/st/door-1/status"):
        take(payload, topic)


@quick
@given(
    st.fixed_dictionaries(
        {"ts": st.one_of(moments.map(datetime.isoformat), values), "kind": st.one_of(kinds, values)},
        optional={"id": st.one_of(ids, values), "data": st.one_of(data, values), "station": values, "device": values},
    )
)
def test_nearly_an_event_is_reports_or_bad_input(told: dict[str, Any]) -> None:
    take(json.dumps(told).encode())


@quick
@given(ids, moments, kinds, data, st.booleans())
@example("\\u0000", datetime(2026, 11, 22, tzinfo=UTC), "a.b", {"\\u0000": "\\\\u0000", "\\ud800": "\\"}, True)
def test_a_valid_event_comes_out_as_it_went_in(
    event_id: str,
    ts: datetime,
    kind: str,
    content: dict[str, Any],
    ascii_only: bool,
) -> None:
    told = {"id": event_id, "ts": ts.isoformat(), "kind": kind, "data": content}
    payload = json.dumps(told, ensure_ascii=ascii_only).encode()
    (report,) = take(payload)
    assert (report.station, report.device) == ("st", "door-1")
    assert (report.id, report.ts, report.kind, report.data) == (event_id, ts, kind, content)


@quick
@given(st.text(min_size=1, max_size=128), st.booleans(), st.one_of(st.none(), st.integers(-5, 105)))
def test_a_status_is_told_once_for_each_session(session: str, online: bool, battery: int | None) -> None:
    told = {"session": session, "online": online} | ({} if battery is None else {"battery": battery})
    topic = "anxin/v1/st/door-1/status"
    reports = take(json.dumps(told).encode(), topic)
    storable = "\0" not in session and not any("\ud800" <= c <= "\udfff" for c in session)
    assert bool(reports) == (storable and (battery is None or 0 <= battery <= 100))
    if reports:
        assert reports[0].kind == ("device.online" if online else "device.offline")
        assert reports[0].ts == RECEIVED_AT
        assert [r.kind for r in reports[1:]] == ["device.battery_low"] * (battery is not None and battery <= 20)
        other = take(json.dumps({**told, "session": session[:64] + "·2"}).encode(), topic)
        assert {r.id for r in other}.isdisjoint({r.id for r in reports})


def test_without_an_id_the_content_and_time_are_the_id() -> None:
    (first,) = take(event(id=None))
    (again,) = take(event(id=None))
    (later,) = take(event(id=None, ts="2026-11-22T08:00:01+08:00"))
    (other,) = take(event(id=None, data={"n": 1}))
    assert first.id == again.id
    assert len({first.id, later.id, other.id}) == 3


def test_the_oldest_and_newest_moments_are_refused_wherever_they_are_told() -> None:
    assert why(event(ts="0001-01-01T00:00:00+14:00")) == "too_late"
    assert why(event(ts="1899-12-31T23:59:59Z")) == "too_late"
    assert take(event(ts="1970-01-01T00:00:05Z")), "a clock that lost its power is admit's business"
    assert why(event(ts="9999-12-31T23:59:59-08:00")) == "absurd_ts"
    assert why(event(ts="9999-12-31T23:59:59Z")) == "absurd_ts"
    assert take(event(ts="2099-01-01T00:00:00Z")), "a clock that runs ahead is admit's business"


@pytest.mark.parametrize(
    ("written", "harmless"),
    [(rb"\u0000", False), (rb"\\u0000", True), (rb"\\\u0000", False), (rb"\\\\u0000", True), (rb"\ud83d\ude00", True)],
)
def test_only_a_real_nul_is_refused(written: bytes, harmless: bool) -> None:
    for place in (b'"value": "%s"', b'"%s": 1'):
        payload = event(data={"HERE": 1}).replace(b'"HERE": 1', place % written)
        if harmless:
            (report,) = take(payload)
            assert report.data == json.loads(payload)["data"]
        else:
            assert why(payload) == "nul_character"


def test_data_may_be_nested_so_deep_and_no_deeper() -> None:
    def nested(levels: int) -> bytes:
        return event(data={"x": "HERE"}).replace(b'"HERE"', b"[" * (levels - 1) + b"]" * (levels - 1))

    assert take(nested(payload_checks.MOST_DEPTH))
    assert why(nested(payload_checks.MOST_DEPTH + 1)) == "too_deep"
    assert why(nested(30_000)) == "too_deep"
    assert take(event(data={"many": [[]] * 1000})), "wide is not deep"


def test_a_message_may_be_so_large_and_no_larger() -> None:
    room = payload_checks.MOST_BYTES - len(event(data={"x": ""}))
    assert take(event(data={"x": "y" * room}))
    assert why(event(data={"x": "y" * (room + 1)})) == "oversized"


@pytest.mark.parametrize("kind", ["door.opened\n", "door", "Door.opened", "door..opened", "door.opened ", "门.开"])
def test_a_kind_is_two_plain_words_or_more(kind: str) -> None:
    assert why(event(kind=kind)) == "schema"

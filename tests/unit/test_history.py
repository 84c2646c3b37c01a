"""Lines of history: what is taken, what is refused, and how deliveries are bundled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway import history
from gateway.model.errors import BadInput
from gateway.model.ports import Delivery

T0 = datetime(2026, 11, 1, tzinfo=UTC)


def delivery(seconds: float) -> Delivery:
    return Delivery(history.SOURCE, "anxin/v1/s/d/event", b"{}", T0 + timedelta(seconds=seconds))


def test_a_payload_is_kept_byte_for_byte() -> None:
    line = b'{"at":"2026-11-01T08:00:00+08:00","topic":"t","payload":{"b": 1,  "a":"\\u00e9"}}'
    (read,) = history.read([line])
    assert isinstance(read, Delivery)
    assert read.payload == b'{"b": 1,  "a":"\\u00e9"}'
    assert read.received_at == T0


def test_spans_and_what_people_did() -> None:
    span, person, drill = history.read(
        [
            b'{"since":"2026-11-01T00:00:00Z","begin":"2026-11-02T00:00:00Z","until":"2026-11-03T00:00:00Z"}',
            b'{"at":"2026-11-01T00:00:00Z","person":{"id":"p","care":{"away_until":null}}}',
            b'{"at":"2026-11-01T00:00:00Z","drill":{"device":"b","minutes":5}}',
        ]
    )
    assert span == history.Span(T0, T0 + timedelta(days=2), T0 + timedelta(days=1))
    assert person == history.Control(T0, person=history.PersonPatch("p", {"away_until": None}))
    assert drill == history.Control(T0, drill=history.DrillPlan("b", 5))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"{", "line 2"),
        (b'{"at":"2026-11-01T00:00:00","topic":"t","payload":{}}', "timezone"),
        (b'{"topic":"t","payload":{}}', "neither"),
        (b'{"at":"2026-11-01T00:00:00Z"}', "no topic"),
        (b'{"at":"2026-10-31T23:59:59Z","topic":"t","payload":{}}', "before the line above"),
        (b"\xff", "line 2"),
        (b'{"at":"0001-01-01T00:00:00+08:00","topic":"t","payload":{}}', "line 2"),
    ],
)
def test_a_line_that_cannot_be_taken_is_named(text: bytes, told: str) -> None:
    lines = history.read([b'{"at":"2026-11-01T00:00:00Z","topic":"t","payload":{}}', text])
    next(lines)
    with pytest.raises(BadInput, match=told):
        next(lines)


def test_stretches_end_at_their_size_their_length_and_at_controls() -> None:
    control = history.Control(T0 + timedelta(seconds=30), drill=history.DrillPlan("b", 5))
    things = [delivery(0), delivery(1), delivery(2), delivery(3), delivery(25), control, delivery(31)]
    bundled = list(history.stretches(things, 3, timedelta(seconds=20)))
    sizes = [bundle if isinstance(bundle, history.Control) else len(bundle) for bundle in bundled]
    assert sizes == [3, 1, 1, control, 1]

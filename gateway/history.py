"""History and rehearsals as lines of JSON: what was said when, and what people changed meanwhile.

    {"since": …, "until": …}                                        first line, optional: what the file spans
    {"at": …, "topic": …, "payload": {…}, "retained": false}        a delivery; `at` is when it was received
    {"at": …, "person": {"id": …, "care": {…}}}                     a care profile is patched; null takes a field out
    {"at": …, "drill": {"device": …, "minutes": 15, "note": …}}     a drill is announced

Lines are in the order of `at` (RFC 3339 with an offset). `payload` is kept byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

from gateway.model.errors import BadInput
from gateway.model.ports import Delivery

SOURCE = "history"

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Span(msgspec.Struct, frozen=True):
    """What a file spans (UTC); `begin` is where a rehearsal's warm-up ends."""

    since: datetime
    until: datetime
    begin: datetime | None = None


class PersonPatch(msgspec.Struct, frozen=True):
    """A change of a person's care profile."""

    id: str
    care: dict[str, Any]


class DrillPlan(msgspec.Struct, frozen=True):
    """A drill that begins where it stands."""

    device: str
    minutes: float
    note: str = ""


class Control(msgspec.Struct, frozen=True):
    """What people did at a moment (UTC)."""

    at: datetime
    person: PersonPatch | None = None
    drill: DrillPlan | None = None


class _Line(msgspec.Struct):
    at: _Moment | None = None
    topic: str | None = None
    payload: msgspec.Raw = msgspec.Raw()
    retained: bool = False
    person: PersonPatch | None = None
    drill: DrillPlan | None = None
    since: _Moment | None = None
    until: _Moment | None = None
    begin: _Moment | None = None


def read(lines: Iterable[bytes]) -> Iterator[Span | Delivery | Control]:
    """Read lines one by one. Raises `BadInput` with the number of the line that cannot be read or goes back in time."""
    decode = msgspec.json.Decoder(_Line).decode
    last = datetime.min.replace(tzinfo=UTC)
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            thing = _thing(decode(text), number)
        except (msgspec.DecodeError, UnicodeDecodeError, OverflowError) as error:
            raise BadInput(f"line {number}: {error}", reason="history_line") from error
        if not isinstance(thing, Span):
            moment = thing.received_at if isinstance(thing, Delivery) else thing.at
            if moment < last:
                raise BadInput(f"line {number}: {moment} is before the line above it", reason="history_order")
            last = moment
        yield thing


def _thing(line: _Line, number: int) -> Span | Delivery | Control:
    if line.at is None:
        if line.since is None or line.until is None:
            raise BadInput(f"line {number}: neither `at` nor a span of `since` and `until`", reason="history_line")
        begin = line.begin.astimezone(UTC) if line.begin is not None else None
        return Span(line.since.astimezone(UTC), line.until.astimezone(UTC), begin)
    at = line.at.astimezone(UTC)
    if line.topic is not None:
        return Delivery(SOURCE, line.topic, bytes(line.payload), at, retained=line.retained)
    if line.person is None and line.drill is None:
        raise BadInput(f"line {number}: no topic, person or drill", reason="history_line")
    return Control(at, line.person, line.drill)


def stretches(
    things: Iterable[Delivery | Control], most: int, longest: timedelta
) -> Iterator[Sequence[Delivery] | Control]:
    """Bundle deliveries that share a transaction: at most so many, over so long a time, none across a control."""
    bundle: list[Delivery] = []
    for thing in things:
        if isinstance(thing, Control):
            if bundle:
                yield bundle
                bundle = []
            yield thing
            continue
        if bundle and (len(bundle) >= most or thing.received_at - bundle[0].received_at > longest):
            yield bundle
            bundle = []
        bundle.append(thing)
    if bundle:
        yield bundle

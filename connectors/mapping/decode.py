"""A mapping at work: one delivery in, reports out.

Raises `BadInput` with the reasons of `connectors/payload.py`, and two of its own: `unmapped` (the mapping has no word
for this message, or for its device) and `mapping_failed` (an expression cannot be followed on it).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from connectors.mapping.definition import Definition, EventOf, Retained, Source, read
from connectors.mapping.expression import Absent, Context, Expression, Failed
from connectors.mapping.moment import Moment
from connectors.mapping.topics import Pattern, pattern_of
from connectors.payload import MOST_BYTES, check_depth, read_any
from gateway.model.errors import BadInput
from gateway.model.event import NO_EVENT, Memory, Report
from gateway.model.ports import Delivery

_encode = msgspec.json.Encoder().encode
_KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
MOST_KIND = 64
#: A state is remembered by its expression's text, as long as that fits an index.
MOST_NAME = 200
#: How many bytes of hash make an event's id: no two of a device meet by chance.
_ID_BYTES = 12


class _Told(NamedTuple):
    """One thing a message says."""

    event: _Event
    kind: str
    state: str | None = None
    per: str = ""


class _Event:
    """One entry of `events`, compiled."""

    def __init__(self, told: EventOf, position: int, mapping: Definition, source: Source) -> None:
        path: tuple[str | int, ...] = ("events", position)
        self.position = position
        self.when = _expression(told.when, source, (*path, "when"))
        self.state = _expression(told.state, source, (*path, "state"))
        self.per = _expression(told.per, source, (*path, "per"))
        self.once = _expression(told.once, source, (*path, "once"))
        at_path = (*path, "at") if told.at is not None else ("at",)
        self.at = _moment(told.at or mapping.at, told.unit or mapping.unit, mapping.timezone, source, at_path)
        self.retained: Retained = told.retained or mapping.retained or "state"
        self.kinds = _kinds(told, source, (*path, "kind"))
        #: What it is remembered by.
        self.name = _short(told.state or f"{told.kind} {position}")
        self.data = {
            name: _expression(value, source, (*path, "data", name)) if isinstance(value, str) else value
            for name, value in told.data.items()
        }
        if self.state is None and self.per is not None:
            raise source.wrong((*path, "per"), "it says whose state it is: there is no `state` here")
        if self.state is not None and self.once is not None:
            raise source.wrong((*path, "once"), "a state is told by what it was before; leave `once` out")

    def of(self, context: Context) -> _Told | None:
        """Return what a message says by this entry, or None when it says nothing of the kind. Raises `Failed`."""
        if self.when is not None and not self.when.holds(context):
            return None
        if self.state is None:
            return _Told(self, self.kinds[NO_EVENT])
        try:
            state = self.state.follow(context)
            per = "" if self.per is None else f" {_word(self.per.follow(context), self.per)}"
        except Absent:
            return None
        if state is None:
            return None
        value = _word(state, self.state)
        return _Told(self, self.kinds.get(value, NO_EVENT), value, per)

    def data_of(self, context: Context) -> dict[str, Any]:
        """Return the event's data; what the message does not have is left out. Raises `BadInput`."""
        data: dict[str, Any] = {}
        for name, told in self.data.items():
            try:
                value = told.follow(context) if isinstance(told, Expression) else told
            except Absent:
                continue
            if value is not None:
                data[name] = value
        try:
            encoded = _encode(data)
            plain = msgspec.json.decode(encoded)
        except (TypeError, ValueError, RecursionError) as error:  # bytes, half a character: nothing JSON can say
            raise Failed(f"data: {error}") from error
        if b"\\u0000" in encoded:
            raise BadInput("a NUL character in what the data would be", reason="nul_character")
        check_depth(plain, encoded)
        if len(encoded) > MOST_BYTES:
            raise BadInput(f"data of {len(encoded)} bytes, at most {MOST_BYTES} are taken", reason="oversized")
        return dict(plain)


class Mapping:
    """One mapping, ready to decode. `filters`: what to subscribe to; `publisher`: the device whose log-in says it."""

    def __init__(self, definition: Definition, source: Source) -> None:
        """Compile a definition. Raises `Misconfigured`."""
        self.name = definition.name
        self.publisher = definition.publisher
        self.patterns = [_pattern(text, source, position) for position, text in enumerate(definition.topics or [])]
        self.filters = tuple(pattern.filter for pattern in self.patterns)
        self._device = _expression(definition.device, source, ("device",))
        self._devices = definition.devices
        self._values = definition.values
        self._events = [_Event(told, at, definition, source) for at, told in enumerate(definition.events)]
        self._ignore = [_expression(told, source, ("ignore", at)) for at, told in enumerate(definition.ignore)]
        self._tells = definition.otherwise != "ignore"

    @property
    def roots(self) -> tuple[str, ...]:
        """What the vendor's own log-in may say and hear: all below the first level, where that is a word."""
        roots = (f"{first}/#" if (first := one.partition("/")[0]) != "+" else one for one in self.filters)
        return tuple(dict.fromkeys(roots))

    def match(self, topic: str) -> dict[str, str] | None:
        """Return the variables of a topic this mapping reads, or None."""
        return next((found for pattern in self.patterns if (found := pattern.match(topic)) is not None), None)

    def decode(self, station: str, delivery: Delivery, topic: dict[str, str]) -> list[Report]:
        """Return the reports of one delivery, whose topic has these variables. Raises `BadInput`."""
        if not delivery.payload:
            return []  # how a retained message is cleared
        refused, message = None, None
        try:
            message = read_any(delivery.payload)
        except BadInput as error:
            refused = error  # a picture, say: what is ignored by its topic may be anything
        context = _context(topic, message, self._values)
        if any(condition is not None and condition.holds(context) for condition in self._ignore):
            return []
        if refused is not None:
            raise refused
        told, failed = self._told(context)
        if not told:
            if failed is not None:
                raise failed
            if self._tells:
                raise BadInput(f"the mapping {self.name} has no word for this message", reason="unmapped")
            return []
        device = self._device_named(context)
        if device is None:
            return []
        return [
            self._report(station, device, one, context, delivery)
            for one in told
            if one.state is not None or not delivery.retained or one.event.retained == "event"
        ]

    def _told(self, context: Context) -> tuple[list[_Told], Failed | None]:
        """Return all that a message says, and the last entry's trouble with it: others may understand it."""
        told: list[_Told] = []
        failed = None
        for event in self._events:
            try:
                found = event.of(context)
            except Failed as error:
                failed = error
            else:
                told += [found] if found is not None else []
        return told, failed

    def _device_named(self, context: Context) -> str | None:
        try:
            named = self._device.follow(context) if self._device is not None else None
        except Absent as error:
            raise Failed(f"device: {error}") from error
        vendor = str(named) if isinstance(named, str | int) and not isinstance(named, bool) else ""
        if not 1 <= len(vendor) <= MOST_BYTES or "\x00" in vendor:
            raise Failed(f"device: {named!r:.100} is no name")
        if self._devices is None:
            return vendor
        if vendor not in self._devices:
            raise BadInput(f"{vendor[:200]!r} is not among the `devices` of the mapping {self.name}", reason="unmapped")
        return self._devices[vendor]

    def _report(self, station: str, device: str, told: _Told, context: Context, delivery: Delivery) -> Report:
        event = told.event
        ts = event.at.of(context) if event.at is not None else None
        mark = _number(delivery.topic.encode("utf-8", "replace"), delivery.payload)
        memory, digest = None, mark
        if event.once is not None:
            key = _once(event.once, context)
            digest = _number(told.kind.encode(), key.encode())  # a repetition may say more: it is the same event
        else:
            key = f"{event.position}\0{told.state}\0{told.per}\0{mark}\0{(ts or delivery.received_at).isoformat()}"
            if told.state is not None or ts is None:
                memory = Memory(
                    f"{self.name}: {event.name}{_short(told.per)}", told.state, mark, ts is not None,
                    delivery.retained and event.retained == "state",
                )  # fmt: skip
        named = hashlib.blake2b(f"{self.name}\0{told.kind}\0{key}".encode(), digest_size=_ID_BYTES).hexdigest()
        data = event.data_of(context) if told.kind != NO_EVENT else {}
        at = ts or delivery.received_at
        return Report(station, device, f"m{named}", at, told.kind, data, digest, ts is not None, memory)


def mapping_at(path: Path) -> Mapping:
    """Read and compile a mapping's file, or a built-in by its bare name. Raises `Misconfigured`."""
    return Mapping(*read(path))


def _context(topic: dict[str, str], message: Any, values: dict[str, Any]) -> Context:
    try:
        return Context(topic, message, values)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise Failed(f"the message cannot be looked into: {error}") from error


def _once(once: Expression, context: Context) -> str:
    try:
        return _word(once.follow(context), once)
    except Absent as error:
        raise Failed(f"once: {error}") from error


def _word(value: object, told: Expression) -> str:
    """Return a state or an identity as text: `true` for yes, as JSON has it."""
    if isinstance(value, str) and len(value) <= MOST_BYTES and "\x00" not in value:
        return value
    if isinstance(value, bool | int | float):
        return _encode(value).decode()
    raise Failed(f"{told.text}: {value!r:.100} is neither text, number, true nor false")


def _short(name: str) -> str:
    """Return a name, or its hash where it is too long for an index."""
    return name if len(name) <= MOST_NAME else hashlib.blake2b(name.encode(), digest_size=_ID_BYTES).hexdigest()


def _number(*parts: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(b"\0".join(parts), digest_size=8).digest(), signed=True)


def _expression(text: str | None, source: Source, path: tuple[str | int, ...]) -> Expression | None:
    try:
        return Expression(text) if text is not None else None
    except ValueError as error:
        raise source.wrong(path, str(error)) from error


def _moment(
    text: str | None, unit: str | None, timezone: str | None, source: Source, path: tuple[str | int, ...]
) -> Moment | None:
    found = _expression(text, source, path)
    try:
        zone = ZoneInfo(timezone) if timezone is not None else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise source.wrong(("timezone",), f"{timezone!r} is no time zone; write one like Asia/Shanghai") from error
    return Moment(found, unit or "iso", zone) if found is not None else None


def _pattern(text: str, source: Source, position: int) -> Pattern:
    try:
        return pattern_of(text)
    except ValueError as error:
        raise source.wrong(("topics", position), str(error)) from error


def _kinds(told: EventOf, source: Source, path: tuple[str | int, ...]) -> dict[str, str]:
    """Return the kind for each value of the state, or for none."""
    if isinstance(told.kind, str):
        if told.state is not None:
            raise source.wrong(path, "with `state`, say which value makes which kind: {true: door.closed, …}")
        kinds: dict[str, str] = {NO_EVENT: told.kind}
    else:
        if told.state is None:
            raise source.wrong(path, "kinds by value need a `state`: the expression whose value they go by")
        kinds = {
            value if isinstance(value, str) else _encode(value).decode(): kind for value, kind in told.kind.items()
        }
        if not kinds:
            raise source.wrong(path, "say which value makes which kind: {true: door.closed, …}")
    for kind in kinds.values():
        if _KIND.fullmatch(kind) is None or len(kind) > MOST_KIND:
            raise source.wrong(path, f"{kind!r} is no kind; write noun.verb, like door.opened (docs/mqtt.md)")
    return kinds

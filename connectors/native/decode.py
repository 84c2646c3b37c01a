"""Decode the native format: topic and JSON in, reports out.

`anxin/v1/<station>/<device>/event|alarm|status`. Raises `BadInput` with the reason a dead letter carries:
`unknown_topic`, `oversized`, `not_utf8`, `not_json`, `too_deep`, `nul_character`, `schema`, `claims`, `too_late`,
`absurd_ts`.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from gateway.model.errors import BadInput
from gateway.model.event import Report
from gateway.model.ports import Delivery

#: The largest message taken; a report is some hundred bytes.
MOST_BYTES = 65_536
#: How deep `data` may be nested. Whoever reads it again (the API, a rule) recurses, with more of the stack in use.
MOST_DEPTH = 32
#: What the gateway makes of statuses, and nobody may claim on another lane.
STATUS_KINDS = frozenset({"device.online", "device.offline"})
LANES = frozenset({"event", "alarm", "status"})
#: What is said to devices: it comes back to whoever reads everything, and reports nothing.
OUTWARD_LANES = frozenset({"command", "display"})
#: What is said to people's apps, on `anxin/v1/<station>/app/<recipient>`: likewise.
APPS = "app"

_ROOT = "anxin/v1/"
#: A battery at or below this many percent is worth a visit.
BATTERY_LOW = 20
_SURROGATE_OR_NUL = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
#: A NUL in canonical JSON: its backslash is not itself escaped, as it is in the harmless `"\\\\u0000"`.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
#: Clocks that lost their power start again in 1970 or 2000: judged later, by their lateness. Before this is nonsense.
_OLDEST = datetime(1900, 1, 1, tzinfo=UTC)
#: The year 9999 is how software writes «never»; its last hours cannot even be told in UTC.
_NEWEST = datetime(9999, 1, 1, tzinfo=UTC)

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
_Kind = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\Z", max_length=64)]


class NativeEvent(msgspec.Struct, gc=False):
    """What a device sends on `…/event` and `…/alarm`. `station` and `device`, when said, must be the topic's."""

    ts: Annotated[datetime, msgspec.Meta(tz=True)]
    kind: _Kind
    id: _Text | None = None
    data: dict[str, Any] = {}
    station: str | None = None
    device: str | None = None


class NativeStatus(msgspec.Struct, gc=False):
    """What a device keeps retained on `…/status`; `session` is new per connection, so that two wills differ."""

    session: _Text
    online: bool
    battery: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None


_decode_event = msgspec.json.Decoder(NativeEvent).decode
_decode_status = msgspec.json.Decoder(NativeStatus).decode


def decode(delivery: Delivery) -> list[Report]:
    """Return the reports of one delivery. Raises `BadInput`."""
    station, device, lane = _parse_topic(delivery.topic)
    payload = delivery.payload
    if lane in OUTWARD_LANES or (lane == "status" and not payload):  # an empty one clears a retained status
        return []
    if len(payload) > MOST_BYTES:
        raise BadInput(f"{len(payload)} bytes, at most {MOST_BYTES} are taken", reason="oversized")
    if b"\\u" in payload and _SURROGATE_OR_NUL.search(payload) is not None:
        _check_escapes(payload)
    digest = int.from_bytes(hashlib.blake2b(payload, digest_size=8).digest(), signed=True)
    try:
        if lane == "status":
            return _status_reports(_decode_status(payload), station, device, digest, delivery)
        told = _decode_event(payload)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), reason="schema") from error
    except msgspec.DecodeError as error:
        raise BadInput(str(error), reason=_why_not_json(payload)) from error
    except UnicodeDecodeError as error:
        raise BadInput(str(error), reason="not_utf8") from error
    except RecursionError as error:
        raise BadInput("nested too deep", reason="too_deep") from error
    _check_told(told, station, device, payload)
    # Without an id of its own an event is what it says, when: the digest covers content and ts.
    return [Report(station, device, told.id or f"h{digest & (2**64 - 1):016x}", told.ts, told.kind, told.data, digest)]


def _parse_topic(topic: str) -> tuple[str, str, str]:
    parts = topic.removeprefix(_ROOT).split("/") if topic.startswith(_ROOT) else []
    if len(parts) == 3 and parts[1] == APPS and parts[2] not in LANES:  # noqa: PLR2004  # station, app, recipient
        return parts[0], parts[1], "display"
    if len(parts) != 3 or parts[2] not in LANES | OUTWARD_LANES:  # noqa: PLR2004  # station, device, lane
        raise BadInput(f"{topic!r} is not anxin/v1/<station>/<device>/event|alarm|status", reason="unknown_topic")
    return parts[0], parts[1], parts[2]


def _check_told(told: NativeEvent, station: str, device: str, payload: bytes) -> None:
    """Refuse what contradicts its topic, was never, or cannot be read again."""
    if told.station not in {None, station} or told.device not in {None, device}:
        raise BadInput(
            f"the message claims to be from {told.station}/{told.device}, the topic says {station}/{device}",
            reason="claims",
        )
    if told.kind in STATUS_KINDS:
        raise BadInput(f"{told.kind} is said on …/status, with a session", reason="schema")
    if told.ts < _OLDEST:
        raise BadInput(f"{told.ts} is before there were devices", reason="too_late")
    if told.ts >= _NEWEST:
        raise BadInput(f"{told.ts} is no time at which anything happened", reason="absurd_ts")
    if payload.count(b"[") + payload.count(b"{") > MOST_DEPTH and _deeper(told.data, MOST_DEPTH):
        raise BadInput(f"data is nested deeper than {MOST_DEPTH} levels", reason="too_deep")


def _status_reports(told: NativeStatus, station: str, device: str, digest: int, delivery: Delivery) -> list[Report]:
    """A status is state, not an event: the same one again (retained, on every reconnect) is a duplicate by its id."""
    named = f"s{digest & (2**64 - 1):016x}"
    data: dict[str, Any] = {"session": told.session}
    if told.battery is not None:
        data["battery"] = told.battery
    at = delivery.received_at
    kind = "device.online" if told.online else "device.offline"
    reports = [Report(station, device, named, at, kind, data, digest)]
    if told.battery is not None and told.battery <= BATTERY_LOW:
        reports.append(Report(station, device, f"{named}b", at, "device.battery_low", data, digest))
    return reports


def _check_escapes(payload: bytes) -> None:
    """The store keeps text: it knows no NUL, and no half of a surrogate pair."""
    try:
        text = msgspec.json.encode(msgspec.json.decode(payload)).decode()
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return  # the decoder proper will say why
    if _NUL.search(text) is not None:
        raise BadInput("a NUL character inside a string", reason="nul_character")


def _deeper(value: Any, levels: int) -> bool:
    """Say whether lists and objects are nested in `value` more than `levels` deep, itself included."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return levels == 0 or any(_deeper(part, levels - 1) for part in value)


def _why_not_json(payload: bytes) -> str:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return "not_utf8"
    return "not_json"

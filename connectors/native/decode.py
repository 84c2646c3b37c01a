"""Decode the native format: topic and JSON in, reports out.

`anxin/v1/<station>/<device>/event|alarm|status`. Raises `BadInput` with the reason a dead letter carries:
`unknown_topic`, `oversized`, `not_utf8`, `not_json`, `too_deep`, `nul_character`, `schema`, `claims`, `too_late`,
`absurd_ts`.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Any

import msgspec

from connectors.payload import check_depth, check_escapes, check_size, check_time, why_not_json
from gateway.model.errors import BadInput
from gateway.model.event import Report
from gateway.model.ports import Delivery

#: What the gateway makes of statuses, and nobody may claim on another lane.
STATUS_KINDS = frozenset({"device.online", "device.offline"})
LANES = frozenset({"event", "alarm", "status"})
#: What is said to devices: it comes back to whoever reads everything, and reports nothing.
OUTWARD_LANES = frozenset({"command", "display"})
#: What is said to people's apps, on `anxin/v1/<station>/app/<recipient>`: likewise.
APPS = "app"

ROOT = "anxin/v1/"
#: A battery at or below this many percent is worth a visit.
BATTERY_LOW = 20

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
    check_size(payload)
    check_escapes(payload)
    digest = int.from_bytes(hashlib.blake2b(payload, digest_size=8).digest(), signed=True)
    try:
        if lane == "status":
            return _status_reports(_decode_status(payload), station, device, digest, delivery)
        told = _decode_event(payload)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), reason="schema") from error
    except msgspec.DecodeError as error:
        raise BadInput(str(error), reason=why_not_json(payload)) from error
    except UnicodeDecodeError as error:
        raise BadInput(str(error), reason="not_utf8") from error
    except RecursionError as error:
        raise BadInput("nested too deep", reason="too_deep") from error
    _check_told(told, station, device, payload)
    # Without an id of its own an event is what it says, when: the digest covers content and ts.
    return [Report(station, device, told.id or f"h{digest & (2**64 - 1):016x}", told.ts, told.kind, told.data, digest)]


def _parse_topic(topic: str) -> tuple[str, str, str]:
    parts = topic.removeprefix(ROOT).split("/") if topic.startswith(ROOT) else []
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
    check_time(told.ts)
    check_depth(told.data, payload)


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

"""admit: believe a message or not.

Decodes each delivery, checks its claims against topic and registry, judges its clock, and says where it happened
and whom it concerns. What cannot be believed becomes a dead letter with a reason; nothing is dropped.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.inbox import INBOX
from gateway.model.device_health import OFFLINE, ONLINE, STATUS_KINDS
from gateway.model.errors import BadInput
from gateway.model.event import ALARM, ALARM_PREFIX, NO_EVENT, DeadLetter, Event, Report
from gateway.model.ports import Delivery
from gateway.model.registry import ROAD_DEVICE
from gateway.own_alerts import buried_alarm_verdict
from gateway.repeats import Repeats

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gateway.batch import Batch
    from gateway.model.registry import Registry
    from gateway.road import Road

#: As much of a dead letter's bytes as is kept.
KEPT_BYTES = 65_536


def admit(batch: Batch, road: Road) -> None:
    """Fill `batch.events` with candidates and `batch.dead` with the rest."""
    digests: dict[tuple[str, str], int] = {}
    said: dict[str, bool] = {}
    believed = list(_believed(batch, road))
    repeats = Repeats(
        batch.connection,
        road.station,
        ((r.device, r.memory.name) for _, reports, _ in believed for r in reports if r.memory),
    )
    for delivery, reports, admitted in believed:
        for report, event in zip(reports, admitted, strict=True):
            if report.memory is not None and not repeats.is_news(event.device, report.memory, delivery):
                batch.duplicates += 1
                _note_unchanged(batch, event, delivery)
                continue
            if report.kind == NO_EVENT:
                _note_unchanged(batch, event, delivery)
                continue
            if event.kind in STATUS_KINDS:
                online = event.kind == ONLINE
                if delivery.retained and said.get(event.device, road.health.online.get(event.device)) is online:
                    batch.duplicates += 1  # the broker's copy of what is known: state, not news
                    continue
                said[event.device] = online
            known = digests.setdefault((event.device, event.id), event.digest)
            if known != event.digest:
                detail = f"event {event.reference} says something else in the same batch"
                bury(batch, road, delivery, dead_letter(delivery, "id_reused", detail), event)
            elif len(digests) == len(batch.events):
                batch.duplicates += 1
            else:
                batch.events.append(event)
                batch.origins.append(delivery)
    repeats.keep()


def _note_unchanged(batch: Batch, event: Event, delivery: Delivery) -> None:
    """Who repeats itself lives; a copy of the broker's, or what it hands over again, tells nothing of now."""
    if not (delivery.retained or delivery.again or event.kind == OFFLINE):
        batch.unchanged.append(msgspec.structs.replace(event, kind=NO_EVENT))


def _believed(batch: Batch, road: Road) -> Iterator[tuple[Delivery, list[Report], list[Event]]]:
    """Yield each delivery with its reports and the events they may become; bury the others."""
    for delivery in batch.deliveries:
        try:
            reports = road.decode(delivery)
            admitted = [admit_report(r, delivery, road.registry, road.late, road.tolerance) for r in reports]
        except BadInput as error:
            bury(batch, road, delivery, dead_letter(delivery, error.reason, str(error)))
        else:
            yield delivery, reports, admitted


def admit_report(
    report: Report, delivery: Delivery, registry: Registry, late: timedelta, tolerance: timedelta
) -> Event:
    """Return the event a report is, enriched with place and persons. Raises `BadInput` with a reason."""
    if report.station != registry.station.id:
        raise BadInput(f"this gateway serves {registry.station.id}, not {report.station}", reason="wrong_station")
    mounting = registry.mounting(report.device)
    if mounting is None or (report.device == ROAD_DEVICE and not _is_probe(report)):
        raise BadInput(f"device {report.device!r} is not in the registry", reason="unknown_device")
    if delivery.source == INBOX and _belongs_to_its_moment(report):
        raise BadInput(
            "sent again it would count as happening now: it tells a state, or not when it was, and that is over",
            reason="too_late",
        )
    said = report.ts.astimezone(UTC)
    old = said < delivery.received_at - late
    if old and not report.kind.startswith(ALARM_PREFIX):
        raise BadInput(
            f"{said.isoformat()} is more than {late.total_seconds() / 86400:g} days before it came",
            reason="too_late",
        )
    # A button whose clock was reset by a power cut must ring all the same: then the time of receipt counts.
    skewed = old or said > delivery.received_at + tolerance
    return Event.at(
        mounting,
        station=report.station,
        device=report.device,
        id=report.id,
        ts=delivery.received_at if skewed else said,
        device_ts=said,
        received_at=delivery.received_at,
        kind=report.kind,
        data=report.data,
        digest=report.digest,
        skewed=skewed,
    )


def _belongs_to_its_moment(report: Report) -> bool:
    """Only a press rings whenever it comes."""
    return (report.memory is not None or not report.timed) and not report.kind.startswith(ALARM_PREFIX)


def _is_probe(report: Report) -> bool:
    """Under its own name the gateway says nothing but probes; whatever else claims that name is nobody we know."""
    return report.kind.startswith(ALARM_PREFIX) and isinstance(report.data.get("probe"), str)


def bury(batch: Batch, road: Road, delivery: Delivery, letter: DeadLetter, event: Event | None = None) -> None:
    """Keep what cannot become an event; an alarm of a device that we know is told to people all the same.

    Whether its clock has no offset or its counter starts at 1 again with each new battery: somebody has pressed it.
    """
    batch.dead.append(letter)
    device = event.device if event is not None else _known_device(delivery.topic, road.registry)
    alarm = event.kind.startswith(ALARM_PREFIX) if event is not None else delivery.topic.endswith(f"/{ALARM}")
    if alarm and device is not None:
        at, mounting = delivery.received_at, road.registry.mounting(device)
        batch.verdicts.append(buried_alarm_verdict(letter, at, device, mounting))


def _known_device(topic: str, registry: Registry) -> str | None:
    """The device a topic is of, if it is one of the registry's."""
    *_, station, device, _lane = ["", "", *topic.split("/")]
    return device if station == registry.station.id and device in registry.devices else None


def dead_letter(delivery: Delivery, reason: str, detail: str, at: datetime | None = None) -> DeadLetter:
    """Return the dead letter of a delivery."""
    return DeadLetter(
        source=delivery.source,
        topic=_storable(delivery.topic, 512),
        reason=reason,
        detail=_storable(detail, 1000),
        payload=delivery.payload[:KEPT_BYTES],
        sha256=hashlib.sha256(delivery.payload).hexdigest(),
        size=len(delivery.payload),
        received_at=at or delivery.received_at,
    )


def _storable(text: str, most_bytes: int) -> str:
    """PostgreSQL's text knows no NUL and no lone surrogates, and an index row must stay small."""
    clean = text.replace("\x00", "␀").encode("utf-8", "replace")
    return clean[:most_bytes].decode("utf-8", "ignore")

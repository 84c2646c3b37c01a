"""Pictures of alerts into the outbox: each once, whenever it comes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

from connectors.gat1400.config import ViidConfig
from connectors.gat1400.ids import image_id, is_capture_device, motor_vehicle_id
from connectors.gat1400.subscriptions import FILES, VEHICLES, Subscription
from gateway.county.config import CountyConfig
from gateway.county.putting import PURPOSE
from gateway.county.shown import MOST_WORDS, PRIORITIES, address
from gateway.model.registry import Registry
from gateway.store import outbox
from gateway.store import viid as store
from gateway.store.outbox import Notification

#: Pictures that are put in one transaction.
AT_ONCE = 100


class Wanted(NamedTuple):
    """What is to go: pictures or vehicles, of which rules, since when, for which subscription (empty: for none)."""

    kind: str
    rules: list[str]
    since: datetime
    subscription: str = ""


def channel_of(link: str) -> str:
    """Return the outbox's name of a link."""
    return f"viid:{link}"


def wanted(
    link: ViidConfig, config: CountyConfig, began: datetime, subscriptions: Collection[Subscription], now: datetime
) -> Iterator[Wanted]:
    """Give what the platform wants now: everything where we push, what it subscribed to elsewhere."""
    since = max(began, now - config.alarm_lives)
    told = config.rules_told
    vehicles = [rule for rule in told if rule in link.vehicle_rules]
    if link.mode == "direct":
        yield Wanted("image", told, since)
        yield Wanted("vehicle", vehicles, since)
        return
    active = [one for one in subscriptions if one.active(now)]
    files = [one.begin for one in active if FILES in one.details]
    if files:
        # A picture is posted once, however many subscribed to pictures.
        yield Wanted("image", told, max(since, min(files)))
    for one in active:
        if VEHICLES in one.details:
            yield Wanted("vehicle", vehicles, max(since, one.begin), one.id)


def put(  # one argument per thing it goes by
    connection: Connection[TupleRow],
    station: str,
    link: ViidConfig,
    config: CountyConfig,
    registry: Registry,
    codes: Mapping[str, str],
    one: Wanted,
    now: datetime,
) -> bool:
    """Put the next pictures of what is wanted into the outbox; says whether there may be more.

    A picture's key is its number, so it is met here until it is in the outbox, however late the camera handed it in,
    and never after. Its identifier at the platform is made of that number too: whoever sends it again says the same.
    """
    prefix = f"{channel_of(link.name)}:{station}:{one.kind}:{one.subscription}{':' if one.subscription else ''}"
    found = store.pictures(
        connection, station, prefix=prefix, rules=one.rules, drills=config.drills, since=one.since, limit=AT_ONCE
    )
    for each in found:
        meaning = config.meaning_of(each.rule)
        level = (meaning.priority if meaning else None) or PRIORITIES.get(each.priority, 4)
        body = _body(each, link, registry, codes)
        notification = Notification(
            station=station, key=f"{prefix}{each.media}", channel=channel_of(link.name), recipient=link.name,
            priority=f"P{level}", body={**body, "kind": one.kind, "subscription": one.subscription},
            alert=each.alert, purpose=PURPOSE,
        )  # fmt: skip
        outbox.enqueue(connection, notification, now, config.alarm_lives)
    return len(found) == AT_ONCE


def _body(each: store.Waiting, link: ViidConfig, registry: Registry, codes: Mapping[str, str]) -> dict[str, object]:
    """Return what is said of a picture. Names of persons are in no title and in no place."""
    code = codes.get(each.taken_by, "")
    device = code if is_capture_device(code) else link.device_id
    picture = image_id(device, each.from_at, each.media)
    title = ("【演练】" if each.drill else "") + str(each.title.get("zh", "") or each.rule)
    where = address(registry, each.place) or registry.station.name
    return {
        "media": each.media, "sha256": each.sha256, "image": picture, "vehicle": motor_vehicle_id(picture, 1),
        "device": device, "at": each.from_at.isoformat(), "title": title[:MOST_WORDS],
        "description": f"{title} {where}"[:MOST_WORDS], "address": where[:MOST_WORDS],
    }  # fmt: skip

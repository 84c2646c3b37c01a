"""Alerts into the outbox: what the county is to hear of what has changed, in the transaction that moves on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.county.config import CountyConfig
from gateway.county.shown import alarm_of, moment, read_moment
from gateway.model.registry import Registry
from gateway.store import changes as change_store
from gateway.store import county as store
from gateway.store import outbox
from gateway.store.outbox import Notification

log = structlog.get_logger()

#: Changes that are looked at in one transaction.
AT_ONCE = 500
PURPOSE = "county"


def channel_of(link: str) -> str:
    """Return the outbox's name of a link."""
    return f"county:{link}"


def put(  # one argument per thing it goes by
    connection: Connection[TupleRow],
    station: str,
    link: str,
    config: CountyConfig,
    registry: Registry,
    codes: Mapping[str, str],
    now: datetime,
) -> bool:
    """Put the alarms of the next changes into the outbox; says whether there may be more.

    Each sounding of an alert is one alarm, however often it is met: its key is the alert and the sounding's number.
    """
    after = store.position(connection, station, link)
    changes = change_store.after(connection, station, after, AT_ONCE)
    if not changes:
        return False
    if changes[0].id > after + 1:
        log.error("changes were dropped before the county was told of them", after=after, oldest=changes[0].id)
    for change in changes:
        if change.kind == "alert" and _is_heard(change.body, now, config):
            _put_one(connection, station, link, change.body, config, registry, codes, now)
    store.advance(connection, station, link, changes[-1].id)
    return len(changes) == AT_ONCE


def _is_heard(alert: Mapping[str, Any], now: datetime, config: CountyConfig) -> bool:
    """What is kept quiet here is kept quiet there, and what is too old is of no use to anybody."""
    return (
        bool(alert["sounded"])
        and not alert["suppressed_by"]
        and not alert["retracted"]
        and alert["state"] in ("active", "latched")
        and now - read_moment(moment(alert)) < config.alarm_lives
    )


def _put_one(  # one argument per thing it goes by
    connection: Connection[TupleRow],
    station: str,
    link: str,
    alert: Mapping[str, Any],
    config: CountyConfig,
    registry: Registry,
    codes: Mapping[str, str],
    now: datetime,
) -> None:
    body = alarm_of(alert, registry, config, codes)
    if body is None:
        return
    notification = Notification(
        station=station, key=f"{channel_of(link)}:{station}:{alert['id']}:{alert['sounded']}",
        channel=channel_of(link), recipient=link, priority=f"P{body['priority']}", body=body, alert=int(alert["id"]),
        purpose=PURPOSE,
    )  # fmt: skip
    outbox.enqueue(connection, notification, now, config.alarm_lives)

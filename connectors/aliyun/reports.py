"""Reports as Alibaba Cloud pushes them: a JSON array of objects, times of China without an offset."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import structlog

from gateway.model.ports import Report

log = structlog.get_logger()

CHINA = ZoneInfo("Asia/Shanghai")
#: A push holds some dozen; more than this in one is nobody's report.
MOST_BYTES = 1 << 20


def read_array(body: bytes, read_one: Callable[[dict[str, Any]], Report | None]) -> list[Report]:
    """Read each object of an array; one that cannot be read is logged and left out, since the rest would come no more.

    Raises ValueError when the body is no JSON array.
    """
    if len(body) > MOST_BYTES:
        raise ValueError(f"a report has at most {MOST_BYTES} bytes")
    try:
        items = msgspec.json.decode(body, type=list[Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the body is no JSON array of reports: {error}") from error
    reports = []
    for item in items:
        try:
            report = read_one(item)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("a report of the provider cannot be read", error=type(error).__name__)
            continue
        if report is not None:
            reports.append(report)
    return reports


def moment_of(text: object) -> datetime | None:
    """Return a time like `2026-11-22 08:00:00`, or None when there is none."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
    except ValueError:
        return None


def notification_of(item: dict[str, Any]) -> int | None:
    """Return our own message's number, which we gave as OutId."""
    told = str(item.get("out_id") or "")
    return int(told) if told.isascii() and told.isdecimal() else None

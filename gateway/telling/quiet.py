"""Quiet hours: lesser messages to people wait until they are over. P1 and P2 never do."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.model.errors import BadInput

_HOURS = re.compile(r"^([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)$")


def quiet_until(hours: str, time_zone: str, now: datetime) -> datetime | None:
    """Return when the quiet hours that hold now (aware) end, in UTC; None outside of them.

    `hours` is like `22:00-06:30` in the station's time, empty for none. Raises `BadInput` for anything else.
    """
    if not hours.strip():
        return None
    read = _HOURS.match(hours)
    if read is None:
        raise BadInput(f"quiet_hours: {hours!r} is not like 22:00-06:30", reason="quiet_hours")
    from_h, from_m, to_h, to_m = map(int, read.groups())
    local = now.astimezone(ZoneInfo(time_zone))
    if (from_h, from_m) == (to_h, to_m):
        return None
    begin = local.replace(hour=from_h, minute=from_m, second=0, microsecond=0)
    end = local.replace(hour=to_h, minute=to_m, second=0, microsecond=0)
    if begin < end:
        quiet = begin <= local < end
    else:  # over midnight
        quiet = local >= begin or local < end
        if local >= begin:
            end += timedelta(days=1)
    return end.astimezone(UTC) if quiet else None

"""The identifiers of GA/T 1400: 41 digits of a picture, 48 of what was cut from it, 33 of a notification.

The last five digits tell apart what has the same second. Who keeps a number for good (a row's) hands it in and gets the
same identifier whenever it asks; `Numbers` is for everybody else.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta, timezone

#: GA/T 1400 knows no zones: moments are those of the platform's clocks.
BEIJING = timezone(timedelta(hours=8))
IMAGE, MOTOR_VEHICLE, SUBSCRIBE_NOTIFICATION = "02", "02", "04"
#: Types of devices that take pictures, in the 20 digits of GB/T 28181.
_CAPTURES = frozenset({"119", "131", "132"})
_NUMBERS = 100_000
_BUSINESS = re.compile(r"\d{33}", re.ASCII)


class Numbers:
    """Five digits for things of one second that nobody numbers.

    They begin anywhere and go on from there, never from the start of a second: a process that is started anew within
    the same second begins elsewhere.
    """

    def __init__(self, first: int | None = None) -> None:
        self._next = secrets.randbelow(_NUMBERS) if first is None else first

    def take(self) -> int:
        """Return the next number."""
        self._next += 1
        return (self._next - 1) % _NUMBERS


def is_capture_device(code: str) -> bool:
    """Say whether 20 digits are a capture device's, as an ApeID and a picture's DeviceID must be."""
    return code[10:13] in _CAPTURES


def stamp(at: datetime) -> str:
    """Return an aware moment as GA/T 1400 writes it: YYYYMMDDhhmmss, Beijing time."""
    return at.astimezone(BEIJING).strftime("%Y%m%d%H%M%S")


def image_id(device: str, at: datetime, number: int) -> str:
    """Return the BasicObjectID (41) of a picture that a device, 20 digits, took at a moment."""
    return f"{device}{IMAGE}{stamp(at)}{number % _NUMBERS:05d}"


def motor_vehicle_id(source: str, number: int) -> str:
    """Return the ImageCntObjectID (48) of a vehicle on a picture: it begins with the picture's."""
    return f"{source}{MOTOR_VEHICLE}{number % _NUMBERS:05d}"


def notification_id(device: str, at: datetime, number: int) -> str:
    """Return the BusinessObjectID (33) of a notification; the organisation is a device's first twelve digits."""
    return f"{device[:12]}{SUBSCRIBE_NOTIFICATION}{stamp(at)}{number % _NUMBERS:05d}"


def is_business_id(told: object) -> bool:
    """Say whether this is a BusinessObjectID by its form."""
    return isinstance(told, str) and _BUSINESS.fullmatch(told) is not None


def read_stamp(told: object) -> datetime | None:
    """Return a moment as platforms write it, with or without milliseconds or as `yyyy-MM-dd HH:mm:ss`; aware.

    None for what is none.
    """
    if not isinstance(told, str):
        return None
    text = re.sub(r"[-: T]", "", told.strip())[:14]
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING) if text.isascii() else None
    except ValueError:
        return None

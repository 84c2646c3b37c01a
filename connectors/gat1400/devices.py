"""Our cameras as APEs (采集设备): what a platform that subscribed to devices, or to how they are, is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from connectors.gat1400.ids import stamp
from connectors.gat1400.objects import Object

ADDED, CHANGED, GONE = 1, 2, 3
_ONLINE, _OFFLINE = "1", "2"
#: FunctionType «other»: what a camera is for stands in its name.
_OTHER = "99"
#: APEs of one notification.
MOST_ITEMS = 100


class Ape(msgspec.Struct, frozen=True):
    """One camera: its 20 digits, six of the county; WGS-84 degrees, None when unknown."""

    id: str
    name: str
    place: str
    place_code: str
    online: bool
    longitude: float | None = None
    latitude: float | None = None


def ape(one: Ape) -> Object:
    """Return an APE. Its address is nobody's business: all zeros; so is a position that is unknown."""
    return {
        "ApeID": one.id, "Name": one.name, "Model": "Anxin", "IPAddr": "0.0.0.0", "Port": 0,  # noqa: S104  # no address
        "Longitude": one.longitude or 0.0, "Latitude": one.latitude or 0.0, "PlaceCode": one.place_code,
        "Place": one.place, "IsOnline": _is_online(one), "FunctionType": _OTHER,
    }  # fmt: skip


def ape_status(one: Ape, at: datetime) -> Object:
    """Return how a camera is."""
    return {"ApeID": one.id, "IsOnline": _is_online(one), "CurrentTime": stamp(at)}


def notification(  # one argument per field
    own: str, subscription: str, title: str, at: datetime, several: Sequence[Ape], operation: int | None
) -> Object:
    """Return a SubscribeNotification of devices in its envelope; of how they are where there is no `operation`."""
    told: Object = {
        "NotificationID": own, "SubscribeID": subscription, "Title": title, "TriggerTime": stamp(at),
        "InfoIDs": ";".join(one.id for one in several),
    }  # fmt: skip
    if operation is None:
        told["DeviceStatusList"] = {"APEStatusObject": [ape_status(one, at) for one in several]}
    else:
        told["ExecuteOperation"] = operation
        told["DeviceList"] = {"APEObject": [ape(one) for one in several]}
    return {"SubscribeNotificationListObject": {"SubscribeNotificationObject": [told]}}


def changes(before: Mapping[str, Ape], now: Iterable[Ape]) -> list[tuple[int, list[Ape]]]:
    """Return what was added, changed and is gone, each with its ExecuteOperation; on and off are no change."""
    found: dict[int, list[Ape]] = {ADDED: [], CHANGED: [], GONE: []}
    left = dict(before)
    for one in now:
        known = left.pop(one.id, None)
        if known is None:
            found[ADDED].append(one)
        elif msgspec.structs.replace(known, online=one.online) != one:
            found[CHANGED].append(one)
    found[GONE] = list(left.values())
    return [(operation, several) for operation, several in found.items() if several]


def turned(before: Mapping[str, Ape], now: Iterable[Ape]) -> list[Ape]:
    """Return those that are new, or went on or off."""
    return [one for one in now if one.id not in before or before[one.id].online != one.online]


def _is_online(one: Ape) -> str:
    return _ONLINE if one.online else _OFFLINE

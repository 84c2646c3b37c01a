"""What is said to the platform, in its own spelling: pictures, vehicles, notifications, and the session's objects."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from connectors.gat1400.ids import stamp

Object = dict[str, Any]
REGISTER, KEEPALIVE, UNREGISTER, TIME = (
    f"/VIID/System/{name}" for name in ("Register", "Keepalive", "UnRegister", "Time")
)
IMAGES, MOTOR_VEHICLES = "/VIID/Images", "/VIID/MotorVehicles"
#: Automatic capture, and «other»: where it is not automatic nobody expects a plate or a frame.
AUTOMATIC, OTHER = 1, 0
#: EventSort of an event of no kind that the standard names, and of a vehicle that was seen.
EVENT_OTHER, EVENT_VEHICLE = 0, 12
#: A colour nobody read.
OTHER_COLOUR = "99"
VEHICLE_OVERVIEW = "01"


class Picture(msgspec.Struct, frozen=True):
    """A JPEG and what is said of it; `at` is aware.

    `source`: 01 government, 02 social, 10 enterprise, 11 residents' own, 99 other. `width`, `height`: pixels.
    """

    id: str
    device: str
    at: datetime
    title: str
    description: str
    address: str
    source: str
    width: int
    height: int
    content: bytes


def image(picture: Picture) -> Object:
    """Return an Image. The field is spelt ShotPlaceFullAdress by the standard."""
    return {
        "ImageInfo": {
            "ImageID": picture.id, "InfoKind": AUTOMATIC, "ImageSource": picture.source, "FileFormat": "Jpeg",
            "ShotTime": stamp(picture.at), "Title": picture.title, "ContentDescription": picture.description,
            "ShotPlaceFullAdress": picture.address, "SecurityLevel": "5", "Width": picture.width,
            "Height": picture.height, "EventSort": EVENT_OTHER, "DeviceID": picture.device,
        },
        "Data": base64.b64encode(picture.content).decode(),
    }  # fmt: skip


def motor_vehicle(own: str, picture: Picture, url: str) -> Object:
    """Return a vehicle that stands on a picture. No plate is read here, so none is told, nor a colour.

    `url` is where the picture is: at the platform itself.
    """
    return {
        "MotorVehicleID": own, "InfoKind": OTHER, "SourceID": picture.id, "DeviceID": picture.device,
        "StorageUrl1": url, "VehicleColor": OTHER_COLOUR, "PassTime": stamp(picture.at),
        "SubImageList": {"SubImageInfoObject": [{
            "ImageID": picture.id, "EventSort": EVENT_VEHICLE, "DeviceID": picture.device, "Type": VEHICLE_OVERVIEW,
            "FileFormat": "Jpeg", "ShotTime": stamp(picture.at), "Width": picture.width, "Height": picture.height,
            "Data": base64.b64encode(picture.content).decode(),
        }]},
    }  # fmt: skip


def images(several: Sequence[Object], key: str = "Image") -> Object:
    """Return the envelope of Images; few platforms call the key ImageObject."""
    return {"ImageListObject": {key: list(several)}}


def motor_vehicles(several: Sequence[Object]) -> Object:
    """Return the envelope of MotorVehicles."""
    return {"MotorVehicleListObject": {"MotorVehicleObject": list(several)}}


def session_object(path: str, device: str) -> Object:
    """Return what a request of the session says: the object is named after its path."""
    return {f"{path.rpartition('/')[2]}Object": {"DeviceID": device}}


def vehicle_notification(
    own: str, subscription: str, title: str, at: datetime, several: Sequence[Mapping[str, Any]]
) -> Object:
    """Return a SubscribeNotification of vehicles in its envelope."""
    one = {
        "NotificationID": own, "SubscribeID": subscription, "Title": title, "TriggerTime": stamp(at),
        "InfoIDs": ";".join(each["MotorVehicleID"] for each in several), "ExecuteOperation": 1,
        "MotorVehicleObjectList": {"MotorVehicleObject": list(several)},
    }  # fmt: skip
    return {"SubscribeNotificationListObject": {"SubscribeNotificationObject": [one]}}

"""GA/T 1400's tables: envelopes, identifiers, and the fields that objects must have."""

from __future__ import annotations

import re
from typing import NamedTuple

_FLAGS = ("IsSuspectedTerrorist", "IsCriminalInvolved", "IsDetainees", "IsVictim", "IsSuspiciousPerson")
_CORNERS = ("LeftTopX", "LeftTopY", "RightBtmX", "RightBtmY")
_SEEN = ("DeviceID", *_CORNERS)


class Form(NamedTuple):
    """One kind of object: its envelope, the key of its ID, that ID's subtype, and its fields.

    `must`: always there. `automatic`: there where InfoKind is 1, automatic capture.
    """

    envelope: str
    keys: tuple[str, ...]
    id_key: str
    subtype: str
    must: tuple[str, ...]
    automatic: tuple[str, ...]


FORMS = {
    "Persons": Form(
        "PersonListObject", ("PersonObject",), "PersonID", "01",
        ("InfoKind", "SourceID", *_FLAGS), (*_SEEN, "IsDriver", "IsForeigner"),
    ),
    "Faces": Form(
        "FaceListObject", ("FaceObject",), "FaceID", "06",
        ("InfoKind", "SourceID", *_FLAGS), (*_SEEN, "IsDriver", "IsForeigner"),
    ),
    "MotorVehicles": Form(
        "MotorVehicleListObject", ("MotorVehicleObject",), "MotorVehicleID", "02",
        ("InfoKind", "SourceID", "StorageUrl1", "VehicleColor", "PassTime"),
        (*_SEEN, "HasPlate", "PlateClass", "PlateColor", "PlateNo"),
    ),
    "NonMotorVehicles": Form(
        "NonMotorVehicleListObject", ("NonMotorVehicleObject",), "NonMotorVehicleID", "03",
        ("InfoKind", "SourceID"), (*_SEEN, "HasPlate"),
    ),
    "Images": Form(
        "ImageListObject", ("Image", "ImageObject"), "ImageID", "",
        (
            "InfoKind", "ImageSource", "FileFormat", "ShotTime", "Title", "ContentDescription", "ShotPlaceFullAdress",
            "SecurityLevel", "Width", "Height",
        ),
        (),
    ),
    "SubscribeNotifications": Form(
        "SubscribeNotificationListObject", ("SubscribeNotificationObject",), "NotificationID", "",
        ("SubscribeID", "Title", "TriggerTime", "InfoIDs"), (),
    ),
}  # fmt: skip
#: What a notification may carry: the key, the resource of its objects, the SubscribeDetail that asked for it.
CARRIED = {
    "PersonObjectList": ("Persons", "11"),
    "FaceObjectList": ("Faces", "12"),
    "MotorVehicleObjectList": ("MotorVehicles", "13"),
    "NonMotorVehicleObjectList": ("NonMotorVehicles", "14"),
}
SUB_IMAGE = ("ImageID", "EventSort", "DeviceID", "Type", "FileFormat", "ShotTime", "Width", "Height")
#: Fields and what they may say.
VALUES = {
    **dict.fromkeys((*_FLAGS, "IsDriver", "IsForeigner"), re.compile("[012]")),
    "InfoKind": re.compile("[012]"),
    "PlateClass": re.compile(r"\d\d"),
    "PlateColor": re.compile("[1-9]|1[0-3]|99"),
    "VehicleColor": re.compile("[1-9]|1[0-3]|99"),
    "FileFormat": re.compile("Bmp|Gif|Jpeg|Png"),
    "Type": re.compile("01|02|09|1[0-4]|100"),
    "EventSort": re.compile("[0-68]|1[0-2]|16|19|2[0-4]"),
    "ImageSource": re.compile("01|02|10|11|99"),
    "SecurityLevel": re.compile("[1-5]"),
    "Width": re.compile(r"[1-9]\d*"),
    "Height": re.compile(r"[1-9]\d*"),
    **dict.fromkeys(_CORNERS, re.compile(r"\d+")),
}
MOMENTS = frozenset(
    {
        "ShotTime", "PassTime", "TriggerTime", "LocationMarkTime", "MarkTime", "AppearTime", "PersonAppearTime",
        "PersonDisAppearTime", "FaceAppearTime", "FaceDisAppearTime",
    }
)  # fmt: skip
#: The first bytes of each format's files.
MAGIC = {"Jpeg": b"\xff\xd8\xff", "Png": b"\x89PNG", "Bmp": b"BM", "Gif": b"GIF8"}

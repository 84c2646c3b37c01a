"""What stands in which MANSCDP message, in which order: the tables of GB/T 28181-2016 and -2022.

A field is `Name` where it must be there, `Name?` where it may, `Name*` where it may several times; `2016:` or `2022:`
before it where only that edition knows it.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Field(NamedTuple):
    """One element of a message: its name, how often it may stand there."""

    name: str
    least: int
    most: int


def form(text: str, dialect: str) -> tuple[Field, ...]:
    """Read a table's line for one edition."""
    fields = []
    for word in text.split():
        edition, _, name = word.rpartition(":")
        if edition in {"", dialect}:
            fields.append(Field(name.rstrip("?*"), int(name[-1] not in "?*"), 1_000_000 if name[-1] == "*" else 1))
    return tuple(fields)


_HEAD = "CmdType SN DeviceID"
_ALARM = (
    "AlarmPriority AlarmMethod AlarmTime AlarmDescription? Longitude? Latitude? 2016:Info* 2022:Info? 2022:ExtraInfo*"
)
#: (root, CmdType) → its fields.
MESSAGES: dict[tuple[str, str], str] = {
    ("Notify", "Keepalive"): f"{_HEAD} Status Info?",
    ("Notify", "Alarm"): f"{_HEAD} {_ALARM}",
    ("Notify", "Catalog"): f"{_HEAD} SumNum DeviceList?",
    ("Notify", "MediaStatus"): f"{_HEAD} NotifyType",
    (
        "Notify",
        "MobilePosition",
    ): "CmdType SN 2016:DeviceID? 2022:DeviceID Time 2016:Longitude 2016:Latitude 2016:Speed? "
    "2016:Direction? 2016:Altitude? 2022:SumNum 2022:DeviceList?",
    ("Notify", "UploadSnapShotFinished"): f"{_HEAD} SessionID SnapShotList",
    ("Response", "Catalog"): f"{_HEAD} SumNum DeviceList?",
    ("Response", "DeviceInfo"): f"{_HEAD} DeviceName? Result Manufacturer? Model? Firmware? Channel?",
    ("Response", "DeviceStatus"): f"{_HEAD} Result Online Status Reason? Encode? Record? DeviceTime? Alarmstatus?",
    ("Response", "ConfigDownload"): f"{_HEAD} Result BasicParam?",
    ("Response", "RecordInfo"): f"{_HEAD} Name SumNum RecordList?",
    ("Response", "DeviceControl"): f"{_HEAD} Result",
    ("Response", "DeviceConfig"): f"{_HEAD} Result",
    ("Response", "DeviceUpgrade"): f"{_HEAD} Result",
    ("Response", "Broadcast"): f"{_HEAD} Result",
    ("Response", "Alarm"): f"{_HEAD} Result",
}
#: Elements that hold elements, wherever they stand.
INSIDE: dict[str, str] = {
    "BasicParam": "Name Expiration HeartBeatInterval HeartBeatCount 2016:PositionCapability? 2016:Longitude? "
    "2016:Latitude?",
    "AlarmTypeParam": "EventType?",
    "SnapShotList": "SnapShotFileID*",
}
#: The same, where the message decides what is in it: (CmdType, element).
INSIDE_OF: dict[tuple[str, str], str] = {
    ("Keepalive", "Info"): "DeviceID*",
    ("Alarm", "Info"): "AlarmType? AlarmTypeParam?",
    ("DeviceStatus", "Item"): "DeviceID DutyStatus",
    ("RecordInfo", "Item"): "DeviceID Name FilePath? Address? StartTime? EndTime? Secrecy Type? RecorderID? FileSize? "
    "RecordLocation? StreamNumber?",
    ("MobilePosition", "Item"): "DeviceID CaptureTime Longitude Latitude Speed? Direction? Altitude? Height?",
}
DEVICE_ITEM = (
    "DeviceID Name Manufacturer Model 2016:Owner CivilCode Block? Address Parental ParentID 2016:SafetyWay? "
    "RegisterWay Secrecy IPAddress? Port? Status Longitude? Latitude? BusinessGroupID? Info?"
)
#: Items that are no devices, by what their ID is; nothing else may stand in them.
CIVIL_ITEM = "DeviceID Name"
OTHER_ITEMS = {
    "200": "DeviceID Name Manufacturer Model CivilCode Address RegisterWay Secrecy Status",
    "215": "DeviceID Name CivilCode ParentID",
    "216": "DeviceID Name ParentID? BusinessGroupID",
}
ITEM_INFO = (
    "PTZType? PositionType? RoomType? UseType? SupplyLightType? DirectionType? Resolution? CapturePositionType? "
    "GrassrootsCode? PointType? MAC? FunctionType? InstallTime? ManagementUnit? ContactInfo? RecordSaveDays? "
    "IndustrialClassification? BusinessGroupID?"
)
WITH_NUM = frozenset({"DeviceList", "RecordList", "Alarmstatus"})

#: What a field may say, wherever it stands.
VALUES: dict[str, re.Pattern[str]] = {
    "Result": re.compile("OK|ERROR"),
    "Online": re.compile("ONLINE|OFFLINE"),
    "Encode": re.compile("ON|OFF"),
    "Record": re.compile("ON|OFF"),
    "DutyStatus": re.compile("ONDUTY|OFFDUTY|ALARM"),
    "Parental": re.compile("[01]"),
    "Secrecy": re.compile("[01]"),
    "RegisterWay": re.compile("1"),
    "SafetyWay": re.compile("0"),
    "AlarmPriority": re.compile("[1-4]"),
    "AlarmMethod": re.compile("[1-7]"),
    "NotifyType": re.compile("121"),
    "CivilCode": re.compile(r"\d{2}|\d{4}|\d{6}|\d{8}"),
    "Longitude": re.compile(r"-?\d{1,3}(\.\d+)?"),
    "Latitude": re.compile(r"-?\d{1,2}(\.\d+)?"),
    "SumNum": re.compile(r"0|[1-9]\d*"),
    "Expiration": re.compile(r"[1-9]\d*"),
    "HeartBeatInterval": re.compile(r"[1-9]\d*"),
    "HeartBeatCount": re.compile(r"[1-9]\d*"),
    "Channel": re.compile(r"0|[1-9]\d*"),
    "Event": re.compile("ON|OFF|VLOST|DEFECT|ADD|DEL|UPDATE"),
}
#: AlarmMethod → the AlarmTypes it has, for 2016; 2022 adds video 13.
ALARM_TYPES = {"2": range(1, 6), "5": range(1, 13), "6": range(1, 3)}
#: Fields that are moments: local Beijing time, no zone, no fraction.
MOMENTS = frozenset({"AlarmTime", "DeviceTime", "StartTime", "EndTime", "Time", "CaptureTime"})
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")

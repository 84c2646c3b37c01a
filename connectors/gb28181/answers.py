"""What the platform asks and orders, and what it is answered (GB/T 28181 A.2.3 to A.2.6). Nothing is sent here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from connectors.gb28181 import manscdp
from connectors.gb28181.catalogue import Entry, Item
from connectors.gb28181.config import LinkConfig
from connectors.gb28181.manscdp import Items, Told, Value, local_time

#: Orders that have an answer; the others (PTZCmd, IFrameCmd, DragZoom…, TeleBoot) have none (9.3).
ANSWERED = ("GuardCmd", "AlarmCmd", "RecordCmd", "HomePosition")
#: Queries a door or a button has nothing to say to.
EMPTY = ("PresetQuery", "HomePositionQuery", "CruiseTrackListQuery", "CruiseTrackQuery", "PTZPosition", "SDCardStatus")
HEARTBEAT_S, HEARTBEATS = (5, 3600), (1, 20)


class View(NamedTuple):
    """What is known when an answer is given."""

    config: LinkConfig
    entries: Sequence[Entry]
    #: Those of them that are devices.
    items: Sequence[Item]
    #: Codes whose alarm nobody has reset, and codes the platform disarmed.
    alarming: Collection[str]
    disarmed: Collection[str]
    name: str
    version: str
    at: datetime
    keepalive_s: float
    keepalive_misses: int


class Order(NamedTuple):
    """An order of the platform: `command` is GuardCmd/SetGuard and the like; `done` whether it is followed."""

    command: str
    device: str
    done: bool
    #: Of DeviceConfig: the heartbeat that is wanted.
    keepalive_s: float | None = None
    keepalive_misses: int | None = None


def knows(view: View, code: str) -> bool:
    """Say whether a code is ours or one of our devices'."""
    return code == view.config.device_id or any(item.code == code for item in view.items)


def answer(told: Told, view: View) -> bytes | None:
    """Return the answer to a query, None where there is none. The catalogue is answered elsewhere: it is long."""
    head: list[tuple[str, Value]] = [
        ("CmdType", told.cmd_type), ("SN", told.sn or 0), ("DeviceID", told.device)
    ]  # fmt: skip
    known = knows(view, told.device)
    result: tuple[str, Value] = ("Result", "OK" if known else "ERROR")
    kind = told.cmd_type
    if kind == "DeviceInfo":
        name = view.name if told.device == view.config.device_id else _named(view, told.device)
        rest: list[tuple[str, Value]] = [
            ("DeviceName", name), result, ("Manufacturer", "Anxin"), ("Model", "Anxin"),
            ("Firmware", view.version), ("Channel", len(view.items)),
        ]  # fmt: skip
    elif kind == "DeviceStatus":
        rest = _status(told, view, known=known)
    elif kind == "ConfigDownload":
        rest = _config(told, view, known=known)
    elif kind == "RecordInfo":
        rest = [("Name", _named(view, told.device)), ("SumNum", 0)]
    elif kind in EMPTY:
        rest = [("Result", "ERROR")]
    else:
        return None
    return manscdp.write("Response", [*head, *rest], charset=view.config.dialect.charset)


def order(told: Told, view: View) -> Order | None:
    """Return what a Control orders, None when nothing can be read in it."""
    known = knows(view, told.device)
    if told.cmd_type == "DeviceConfig":
        return _configure(told, known=known)
    if told.cmd_type != "DeviceControl":
        return Order(told.cmd_type, told.device, done=False)
    if guard := told.text("GuardCmd"):
        return Order(f"GuardCmd/{guard[:20]}", told.device, known and guard in {"SetGuard", "ResetGuard"})
    if alarm := told.text("AlarmCmd"):
        return Order(f"AlarmCmd/{alarm[:20]}", told.device, known and alarm == "ResetAlarm")
    for child in told.element:
        name = child.tag.rpartition("}")[2]
        if name not in {"CmdType", "SN", "DeviceID", "Info"}:
            return Order(f"{name[:30]}/{(child.text or '').strip()[:20]}", told.device, done=False)
    return None


def answered(told: Told, made: Order, view: View) -> bytes | None:
    """Return the answer to an order, None where the standard has none."""
    if told.cmd_type == "DeviceControl" and made.command.partition("/")[0] not in ANSWERED:
        return None
    head: list[tuple[str, Value]] = [
        ("CmdType", told.cmd_type), ("SN", told.sn or 0), ("DeviceID", told.device),
        ("Result", "OK" if made.done else "ERROR"),
    ]  # fmt: skip
    return manscdp.write("Response", head, charset=view.config.dialect.charset)


def duty(view: View, code: str) -> str:
    """Return a channel's DutyStatus."""
    if code in view.alarming:
        return "ALARM"
    return "OFFDUTY" if code in view.disarmed else "ONDUTY"


def _status(told: Told, view: View, *, known: bool) -> list[tuple[str, Value]]:
    ours = told.device == view.config.device_id
    online = ours or any(item.code == told.device and item.online for item in view.items)
    shown = [item.code for item in view.items if item.code == told.device]
    if ours:  # of thousands only what is not as it should be
        shown = [item.code for item in view.items if duty(view, item.code) != "ONDUTY"]
    rest: list[tuple[str, Value]] = [
        ("Result", "OK" if known else "ERROR"), ("Online", "ONLINE" if online else "OFFLINE"), ("Status", "OK"),
        ("DeviceTime", local_time(view.at)),
    ]  # fmt: skip
    if known:
        items = [[("DeviceID", code), ("DutyStatus", duty(view, code))] for code in shown]
        rest.append(("Alarmstatus", Items(items)))
    return rest


def _config(told: Told, view: View, *, known: bool) -> list[tuple[str, Value]]:
    asked = told.text("ConfigType").split("/")
    if not known or "BasicParam" not in asked:
        return [("Result", "ERROR")]
    basic: list[tuple[str, Value]] = [
        ("Name", view.name), ("Expiration", view.config.expires_s),
        ("HeartBeatInterval", max(1, round(view.keepalive_s))), ("HeartBeatCount", view.keepalive_misses),
    ]  # fmt: skip
    if view.config.edition == "2016":
        basic.append(("PositionCapability", 0))
    return [("Result", "OK"), ("BasicParam", basic)]


def _configure(told: Told, *, known: bool) -> Order:
    seconds, times = (told.text("BasicParam", name) for name in ("HeartBeatInterval", "HeartBeatCount"))
    if not known or not (seconds or times):
        return Order("DeviceConfig", told.device, done=False)
    within = [
        text == "" or (text.isascii() and text.isdigit() and low <= int(text[:9]) <= high)
        for text, (low, high) in ((seconds, HEARTBEAT_S), (times, HEARTBEATS))
    ]
    if not all(within):
        return Order("DeviceConfig/BasicParam", told.device, done=False)
    return Order(
        "DeviceConfig/BasicParam", told.device, done=True,
        keepalive_s=float(seconds) if seconds else None, keepalive_misses=int(times) if times else None,
    )  # fmt: skip


def _named(view: View, code: str) -> str:
    return next((item.name for item in view.items if item.code == code), "")

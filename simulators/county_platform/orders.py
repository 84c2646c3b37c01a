"""What an upper platform can ask of a lower one, as MANSCDP: pure data, one line per order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from simulators.county_platform.manscdp import Content

Fields = Sequence[tuple[str, Content]]
More = Mapping[str, str]


class Order(NamedTuple):
    """What is sent, and whether a MANSCDP Response is due; None where the standard leaves it open."""

    root: str
    cmd_type: str
    fields: Callable[[More], Fields]
    answered: bool | None = True


def _given(more: More) -> Fields:
    """Send what the caller gives, in the caller's order."""
    return list(more.items())


def _defaults(**defaults: str) -> Callable[[More], Fields]:
    """Send these, with what the caller gives instead or besides."""
    return lambda more: list((defaults | dict(more)).items())


def _control(**commands: str) -> Callable[[More], Fields]:
    """Send a command, and what the caller gives as its Info."""

    def fields(more: More) -> Fields:
        return [*commands.items(), *([("Info", list(more.items()))] if more else [])]

    return fields


_basic = {"Expiration": "3600", "HeartBeatInterval": "30", "HeartBeatCount": "3"}
#: Orders by name; `county.order(name, target, Field=...)`.
ORDERS: dict[str, Order] = {
    "catalog": Order("Query", "Catalog", _given),
    "device-info": Order("Query", "DeviceInfo", _given),
    "device-status": Order("Query", "DeviceStatus", _given),
    "config-download": Order("Query", "ConfigDownload", _defaults(ConfigType="BasicParam")),
    "record-info": Order(
        "Query",
        "RecordInfo",
        _defaults(StartTime="2026-01-01T00:00:00", EndTime="2026-01-02T00:00:00", Secrecy="0", Type="all"),
    ),
    "alarm-query": Order(
        "Query", "Alarm", _defaults(StartAlarmPriority="0", EndAlarmPriority="0", AlarmMethod="0"), None
    ),
    "preset-query": Order("Query", "PresetQuery", _given, None),
    "mobile-position": Order("Query", "MobilePosition", _defaults(Interval="5"), None),
    "unknown-query": Order("Query", "NoSuchThing", _given, None),
    "set-guard": Order("Control", "DeviceControl", _control(GuardCmd="SetGuard")),
    "reset-guard": Order("Control", "DeviceControl", _control(GuardCmd="ResetGuard")),
    "reset-alarm": Order("Control", "DeviceControl", _control(AlarmCmd="ResetAlarm")),
    "record": Order("Control", "DeviceControl", _control(RecordCmd="Record")),
    "stop-record": Order("Control", "DeviceControl", _control(RecordCmd="StopRecord")),
    "home-position": Order(
        "Control",
        "DeviceControl",
        lambda _: [("HomePosition", [("Enabled", "1"), ("ResetTime", "10"), ("PresetIndex", "1")])],
    ),
    "ptz": Order("Control", "DeviceControl", _control(PTZCmd="A50F01021F0000D6"), answered=False),
    "tele-boot": Order("Control", "DeviceControl", _control(TeleBoot="Boot"), answered=False),
    "i-frame": Order("Control", "DeviceControl", _control(IFrameCmd="Send"), answered=False),
    "device-config": Order(
        "Control", "DeviceConfig", lambda more: [("BasicParam", list((_basic | dict(more)).items()))]
    ),
    "alarm-response": Order("Response", "Alarm", _defaults(Result="OK"), None),
}
#: What is no MESSAGE: `county.call`.
CALLS = ("options", "invite", "bye", "cancel")


def sdp(owner: str, host: str, port: int, ssrc: str) -> bytes:
    """Return the offer of a live play, with the lines that strict parsers stumble over."""
    lines = [
        "v=0", f"o={owner} 0 0 IN IP4 {host}", "s=Play", f"c=IN IP4 {host}", "t=0 0",
        f"m=video {port} RTP/AVP 96 98 97", "a=recvonly", "a=rtpmap:96 PS/90000", "a=rtpmap:98 H264/90000",
        "a=rtpmap:97 MPEG4/90000", f"y={ssrc}", "f=v/////a///",
    ]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n").encode()

"""The alarms that came, each once, however often it was sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from simulators.county_platform.forms import MOMENT
from simulators.county_platform.manscdp import Body, Fault
from simulators.county_platform.past import Heard


@dataclass
class Alarm:
    """An alarm. Moments are Beijing time, naive; `delay_s` is from AlarmTime to `received_at`, None where it can't be.

    `carried`: the methods it came by, MESSAGE or NOTIFY, one for each time. `stored`: whether WVP would have kept it.
    """

    device: str
    channel: str
    sn: str
    priority: str
    method: str
    type: str
    at: str
    description: str
    longitude: str
    latitude: str
    extra: list[str]
    received_at: datetime
    stored: bool
    carried: list[str] = field(default_factory=list)
    name: str = ""

    @property
    def times(self) -> int:
        """How often it was sent, retransmissions apart."""
        return len(self.carried)

    @property
    def delay_s(self) -> float | None:
        """Seconds from the alarm to its receipt."""
        try:
            at = datetime.fromisoformat(self.at) if MOMENT.fullmatch(self.at) else None
        except ValueError:  # the 30th of February
            at = None
        return round((self.received_at - at).total_seconds(), 3) if at else None


class Alarms(list[Alarm]):
    """Alarms in order of their first coming."""

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[tuple[str, str, str, str], tuple[Alarm, Heard]] = {}

    def take(
        self, body: Body, device: str, heard: Heard, received_at: datetime, *, listed: str | None
    ) -> tuple[Alarm, list[Fault]]:
        """Take an alarm; `listed` is its channel's name in the catalogue, None where it is not there."""
        key = (device, body.device_id, body.sn, body.field("AlarmTime"))
        carried = heard.message.method
        faults: list[Fault] = []
        if key in self._first:
            alarm, before = self._first[key]
            alarm.carried.append(carried)
            if before.sent:
                faults.append(("alarm-twice", f"SN {body.sn} of {body.device_id} by {carried}, answered 200 before"))
            self._first[key] = (alarm, heard)
            return alarm, faults
        if listed is None and len(body.device_id) != 10:  # noqa: PLR2004  # an alarm centre's code
            faults.append(("alarm-channel", f"{body.device_id} is not in the catalogue of {device}"))
        alarm = Alarm(
            device=device,
            channel=body.device_id,
            sn=body.sn,
            priority=body.field("AlarmPriority"),
            method=body.field("AlarmMethod"),
            type=body.field("Info/AlarmType"),
            at=body.field("AlarmTime"),
            description=body.field("AlarmDescription"),
            longitude=body.field("Longitude"),
            latitude=body.field("Latitude"),
            extra=[(one.text or "").strip() for one in body.tree.findall("ExtraInfo")],
            received_at=received_at,
            stored=listed is not None and body.field("AlarmMethod") != "7",
            carried=[carried],
            name=listed or "",
        )
        self.append(alarm)
        self._first[key] = (alarm, heard)
        return alarm, faults

"""What our devices and alerts are to the county: types of devices, and method, type and priority of alarms.

After the tables of GB/T 28181-2016 (annex E, A.2.5.3). AlarmMethod 7 («other») is left out on purpose: common platforms
do not keep it. Rules that are not here stay here: the county is not told that somebody old has not gone out.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

#: By kind of device; what is not here is not told to the county. Cameras only where the county gave them a code: it
#: would ask for their video, which does not come from here.
KINDS: Mapping[str, str] = MappingProxyType(
    {"door_controller": "134", "door_contact": "134", "school_button": "134", "sos_button": "134"}
)


class Meaning(BaseModel):
    """What an alert is: AlarmMethod, AlarmType (None: the device's own alarm), AlarmPriority.

    `priority` None: that of the alert, P1 to P4. `one_touch`: somebody pressed for help; nothing holds that back.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Annotated[int, Field(ge=1, le=7)] = 2
    type: Annotated[int, Field(ge=1, le=13)] | None = None
    priority: Annotated[int, Field(ge=1, le=4)] | None = None
    one_touch: bool = False


ALARMS: Mapping[str, Meaning] = MappingProxyType(
    {
        "school-one-touch-alarm": Meaning(priority=1, one_touch=True),
        "sos-button": Meaning(priority=1, one_touch=True),
        "duress-code": Meaning(priority=1, one_touch=True),
        "door-forced": Meaning(priority=2),
        "door-held": Meaning(priority=3),
        "repeated-denied-entry": Meaning(priority=3),
        "suspicious-entries": Meaning(priority=2),
        "one-card-many-doors": Meaning(priority=3),
        "school-entry-off-hours": Meaning(priority=2),
        "off-hours-entry": Meaning(priority=3),
        "device-tamper": Meaning(type=2, priority=2),
        "intrusion": Meaning(method=5, type=6, priority=2),
        "loitering": Meaning(method=5, type=8, priority=3),
        "crowding": Meaning(method=5, type=10, priority=3),
        "camera-tamper": Meaning(method=5, type=11, priority=3),
        "falling-object": Meaning(method=5, type=12, priority=2),
        "fire-lane-parked": Meaning(method=5, type=3, priority=3),
        "smoke": Meaning(priority=1),
    }
)

"""The kinds of rule, one file each, and the dict that names them."""

from __future__ import annotations

from rules.kinds.absence import Absence
from rules.kinds.count import Count
from rules.kinds.device_silence import DeviceSilence
from rules.kinds.dwell import Dwell
from rules.kinds.instant import Instant
from rules.kinds.tally import Tally
from rules.rule import Rule

KINDS: dict[str, type[Rule]] = {
    "absence": Absence,
    "count": Count,
    "device_silence": DeviceSilence,
    "dwell": Dwell,
    "instant": Instant,
    "tally": Tally,
}

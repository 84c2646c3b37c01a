"""The kinds of rule, one file each, and the dict that names them."""

from __future__ import annotations

from rules.kinds.absence import Absence
from rules.kinds.balance import Balance
from rules.kinds.baseline import Baseline
from rules.kinds.count import Count
from rules.kinds.device_silence import DeviceSilence
from rules.kinds.dwell import Dwell
from rules.kinds.instant import Instant
from rules.kinds.passback import Passback
from rules.kinds.sequence import Sequence
from rules.kinds.surge import Surge
from rules.kinds.tally import Tally
from rules.kinds.travel import Travel
from rules.kinds.unusual_hour import UnusualHour
from rules.rule import Rule

KINDS: dict[str, type[Rule]] = {
    "absence": Absence,
    "balance": Balance,
    "baseline": Baseline,
    "count": Count,
    "device_silence": DeviceSilence,
    "dwell": Dwell,
    "instant": Instant,
    "passback": Passback,
    "sequence": Sequence,
    "surge": Surge,
    "tally": Tally,
    "travel": Travel,
    "unusual_hour": UnusualHour,
}

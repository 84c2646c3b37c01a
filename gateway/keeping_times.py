"""How long each class may be kept: a floor the law or a review asks for, and a ceiling beyond which it serves nobody.

The ceilings are ours; privacy law (个人信息保护法 art. 19) only says: no longer than the purpose needs. What is held
for a case (`gateway.evidence.holds`) stays beyond them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

#: An act of an authority can be taken to court for five years (行政诉讼法 art. 46); five years have 1827 days at most.
COURT_DAYS = 1827


class Bounds(NamedTuple):
    """The fewest and the most days a class may be kept, and why not longer."""

    floor: int
    ceiling: int
    why: str


#: By the name of the setting.
BOUNDS: Mapping[str, Bounds] = {
    "store_keep_days": Bounds(30, 730, "replays and comparisons go back two years at most"),
    "records_keep_days": Bounds(180, COURT_DAYS, "an act can be taken to court for five years; hold a case that is"),
    "lesser_keep_days": Bounds(180, 762, "a year, the year it is compared with, and a month"),
    "media_keep_days": Bounds(30, 90, "no alert names them, and 90 days is the most the law asks of any camera"),
    "audit_keep_days": Bounds(180, COURT_DAYS, "as long as what it is about"),
    "consent_keep_days": Bounds(180, COURT_DAYS, "as long as somebody may ask why they were watched over"),
}  # fmt: skip


def within_bounds(setting: str, days: float) -> float:
    """Return `days`. Raises `ValueError` that says the bound, and for a ceiling the reason."""
    bounds = BOUNDS[setting]
    if not days >= bounds.floor:  # also what is no number
        raise ValueError(f"{days:g} days are fewer than the floor of {bounds.floor}")
    if days > bounds.ceiling:
        raise ValueError(f"{days:g} days are more than the ceiling of {bounds.ceiling}: {bounds.why} (docs/privacy.md)")
    return days

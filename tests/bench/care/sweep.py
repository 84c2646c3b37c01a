"""Ours against CGQ at eight degrees of patience: false alerts at the same median delay, home by home.

CGQ is walked through a home at each ρ; ours at more of them. At each median delay of CGQ ours is read off between its
two nearest ones. Delays beyond those of ours are not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.bench.care import tables
from tests.bench.care.methods import cgq, ours
from tests.bench.care.protocol import Outcome, judge
from tests.bench.care.recordings import Home

#: ρ of CGQ, and of ours, which is sooner at the same ρ: from impatient to patient.
DEGREES = [4.0 / 2**step for step in range(8)]
WIDER = [8.0 / 2**step for step in range(12)]


def run(kits: dict[str, list[Home]], seed: int, note: Callable[[str], None]) -> list[str]:
    """Return the table: false alerts summed over the degrees; ours also without those of homes nobody could hear."""
    rows = []
    for kit, homes in kits.items():
        for home in homes:
            outcomes = judge(home, [one.make(home) for one in (*map(cgq, DEGREES), *map(ours, WIDER))], seed)
            theirs, own = outcomes[: len(DEGREES)], outcomes[len(DEGREES) :]
            rows.append(_compared(kit, home.name, theirs, own))
            note(" | ".join(rows[-1]))
    return tables.swept(rows)


def _compared(kit: str, home: str, theirs: Sequence[Outcome], own: Sequence[Outcome]) -> list[str]:
    compared = false = 0
    all_of = heard = 0.0
    for one in theirs:
        delay = one.quantile(0.5)
        found = _at(delay, own, [float(ours_at.false) for ours_at in own])
        if found is None:
            continue
        compared, false, all_of = compared + 1, false + one.false, all_of + found
        heard += _at(delay, own, [float(ours_at.false - ours_at.unheard) for ours_at in own]) or 0.0
    return [kit, home, str(compared), str(false), f"{all_of:.1f}", f"{heard:.1f}"]


def _at(delay: float, outcomes: Sequence[Outcome], counts: Sequence[float]) -> float | None:
    """The count at a median delay, between the two nearest; None when none is so late or so early."""
    delays = [one.quantile(0.5) for one in outcomes]
    for number in range(1, len(delays)):
        sooner, later = delays[number - 1], delays[number]
        if sooner <= delay <= later:
            part = (delay - sooner) / (later - sooner) if later > sooner else 1.0
            return counts[number - 1] + part * (counts[number] - counts[number - 1])
    return None

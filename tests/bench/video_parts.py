"""What the parts of `make bench-video` have in common: how they are asked, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

#: Scenes with lower seeds are for tuning; figures are taken from these on.
FIRST_SEED = 1000


class Options(NamedTuple):
    """`clips`: rendered clips a part may judge, `minutes`: length of its run of pure distractors, `seed`: of the first
    clip (>= `FIRST_SEED` in published figures), `jobs`: processes that render and judge, `note`: says how far it is."""

    clips: int = 200
    minutes: float = 60.0
    seed: int = FIRST_SEED
    jobs: int = 1
    note: Callable[[str], None] = print


class Row(NamedTuple):
    """One figure. `gate`: what it should be, None where nothing is promised; `passed`: None without a gate."""

    analytic: str
    material: str
    metric: str
    measured: str
    gate: str | None = None
    passed: bool | None = None


Part = Callable[[Path, Options], list[Row]]


def at_least(analytic: str, material: str, metric: str, value: float, gate: float, shown: str = "") -> Row:
    """Return a figure that should be `gate` or more; `shown` stands beside it."""
    return Row(analytic, material, metric, f"{value:.3g}{shown}", f">= {gate:g}", value >= gate)


def at_most(analytic: str, material: str, metric: str, value: float, gate: float, shown: str = "") -> Row:
    """Return a figure that should be `gate` or less; `shown` stands beside it."""
    return Row(analytic, material, metric, f"{value:.3g}{shown}", f"<= {gate:g}", value <= gate)


def table(rows: Iterable[Row]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = ["| analytic | material | metric | measured | gate | |", "| --- | --- | --- | --- | --- | --- |"]
    said = {True: "met", False: "**missed**", None: ""}
    return lines + [
        f"| {row.analytic} | {row.material} | {row.metric} | {row.measured} | {row.gate or '–'} | {said[row.passed]} |"
        for row in rows
    ]

"""The methods side by side, and the knob by which each is made more patient."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.bench.care.cgq import Cgq
from tests.bench.care.fixed import AlertLine, Fixed
from tests.bench.care.ours import Ours
from tests.bench.care.protocol import Method
from tests.bench.care.recordings import Home

Make = Callable[[Home], Method]
RHOS = (2.0, 1.0, 0.5, 0.25)


class Entry(NamedTuple):
    """A method by name."""

    name: str
    make: Make


def entries(kit: str, rhos: Iterable[float] = RHOS) -> list[Entry]:
    """Return what is compared with one kit."""
    fixed = [
        Entry("fixed 24 h", lambda home: Fixed(home, 24)),
        Entry("fixed 12 h", lambda home: Fixed(home, 12)),
        Entry("fixed 12 h, raised 07–22", lambda home: Fixed(home, 12, daytime=True)),
    ]
    if kit in {"B", "C"}:
        fixed.append(Entry("fixed 48 h", lambda home: Fixed(home, 48)))
    lines = [Entry("alert line", AlertLine), Entry("alert line ×1.5", lambda home: AlertLine(home, 1.5))]
    learnt = tuple(rhos)
    return [*fixed, *lines, *(cgq(rho) for rho in learnt), *(ours(rho) for rho in learnt)]


def cgq(rho: float) -> Entry:
    """The published method."""
    return Entry(f"CGQ ρ {rho:g}", lambda home: Cgq(home, rho))


def ours(rho: float) -> Entry:
    """Our rule."""
    return Entry(f"**ours ρ {rho:g}**", lambda home: Ours(home, rho))


#: By name: more patience, later alerts. Learnt limits grow with the logarithm of 1/ρ.
PATIENT: dict[str, Callable[[float], Make]] = {
    "fixed limit": lambda patience: lambda home: Fixed(home, 12 * patience),
    "alert line": lambda patience: lambda home: AlertLine(home, patience),
    "CGQ": lambda patience: lambda home: Cgq(home, 0.5 * patience**-3),
    "**ours**": lambda patience: lambda home: Ours(home, 0.5 * patience**-3),
}

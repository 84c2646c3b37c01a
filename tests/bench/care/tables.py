"""The tables of docs/care.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tests.bench.care.protocol import Outcome

_HEAD = ("method", "false", "per resident-month [95 %]", "median h", "P90 h", "within 12 h", "within 24 h")


def pooled(title: str, rows: Mapping[str, Outcome]) -> list[str]:
    """Return a table with one line per method."""
    return [f"**{title}**", "", *_table(_HEAD, ([name, *_figures(outcome)] for name, outcome in rows.items())), ""]


def by_home(homes: Sequence[str], rows: Mapping[str, Sequence[Outcome]]) -> list[str]:
    """Return false alerts and median delay (hours), home by home."""
    lines = ([name, *(f"{one.false} / {one.quantile(0.5):.1f}" for one in each)] for name, each in rows.items())
    return [*_table(("false / median h", *homes), lines), ""]


def outages(rows: Mapping[str, tuple[Outcome, Outcome]]) -> list[str]:
    """Return what lost gateways do when they are told of, and when not."""
    head = ("method", "told: per month [95 %]", "median h", "not told: per month [95 %]", "median h ")
    lines = (
        [name, *(text for one in pair for text in (_rate(one), f"{one.quantile(0.5):.1f}"))]
        for name, pair in rows.items()
    )
    return [*_table(head, lines), ""]


def matched(rows: Iterable[Sequence[str]], what: str) -> list[str]:
    """Return each method, made as patient as needed to be equal in one respect."""
    return [*_table(("kit", "method", what, "false", "per month [95 %]", "median h", "P90 h"), rows), ""]


def swept(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return false alerts at equal delays, summed over degrees of patience."""
    return [*_table(("kit", "home", "degrees compared", "CGQ", "ours", "ours, home heard"), rows), ""]


def matched_row(kit: str, name: str, target: str, one: Outcome) -> list[str]:
    """One line of `matched`."""
    return [kit, name, target, str(one.false), _rate(one), f"{one.quantile(0.5):.1f}", f"{one.quantile(0.9):.1f}"]


def _figures(one: Outcome) -> list[str]:
    return [
        str(one.false), _rate(one), f"{one.quantile(0.5):.1f}", f"{one.quantile(0.9):.1f}", f"{one.within(12):.0%}",
        f"{one.within(24):.0%}",
    ]  # fmt: skip


def _rate(one: Outcome) -> str:
    low, high = one.bounds
    return f"{one.rate:.2f} [{low:.2f}, {high:.2f}]"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_line(head), _line(["---"] * len(head)), *(_line(row) for row in rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"

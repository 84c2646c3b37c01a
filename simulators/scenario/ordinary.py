"""Ordinary life beside a scenario: the whole town's, or only that of the cast."""

from collections.abc import Iterator
from pathlib import Path

from simulators.life.plan import messages
from simulators.scenario.plan import Plan
from simulators.scenario.timeline import Message, ids_of
from simulators.site_file import read_site


def ordinary_life(plan: Plan, site_path: Path, *, quiet_town: bool) -> Iterator[Message]:
    """Yield the town's messages from `since` to `until`; with `quiet_town` only those of the cast's devices.

    So do scenarios with `life: cast`, whatever is asked for.

    Raises SiteError when the site file misses what life needs.
    """
    wanted = frozenset(ids_of(plan.cast, plan)) if quiet_town or plan.scenario.life == "cast" else None
    for message in messages(read_site(site_path), plan.seed, plan.since, plan.until):
        if wanted is None or message.device in wanted:
            yield message

"""`site`: print a whole made-up county town as a site file."""

import random
import re
from collections.abc import Iterator

import click

from simulators.county.homes import settle
from simulators.county.names import STREETS, Names
from simulators.county.patrols import route_patrols
from simulators.county.people import desk, roster, staff
from simulators.county.plan import BEATS, GRIDS_OF_BEAT, Draft, Entry, Grid
from simulators.county.shapes import outline
from simulators.county.venues import open_venues

_PLAIN = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w-]*")
"""What YAML reads as the text it is; everything else is quoted."""
_NOT_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def county_town(seed: int) -> Draft:
    """Draw a town: areas, places, devices, persons, users, duty. The same seed draws the same town."""
    draft = Draft(random.Random(f"{seed}/town"))
    names = Names(random.Random(f"{seed}/names"))
    draft.areas += [{"id": f"beat-{number}", "kind": "beat", "name": name} for number, name in enumerate(BEATS, 1)]
    grids = list(_grids())
    draft.areas += [
        {"id": grid.id, "kind": "grid", "parent": grid.beat, "name": f"{grid.street}网格"} for grid in grids
    ]
    staff(draft, names)
    open_venues(draft, grids)
    settle(draft, grids, names)
    desk(draft, grids[0])
    roster(draft, grids, names)
    outline(draft, grids)
    route_patrols(draft)
    return draft


def site_text(seed: int) -> str:
    """Return a town as a site file (YAML)."""
    draft = county_town(seed)
    parts = {
        "areas": draft.areas,
        "places": draft.places,
        "devices": draft.devices,
        "persons": draft.persons,
        "users": draft.users,
        "duty": draft.duty,
        "shifts": draft.shifts,
        "patrols": draft.patrols,
    }
    lines = [
        f"# A made-up county town, drawn with seed {seed}. Every name is invented.",
        "station: {id: chengguan, name: 城关派出所, time_zone: Asia/Shanghai}",
    ]
    for part, entries in parts.items():
        lines += ["", f"{part}:", *(f"  - {_written(entry)}" for entry in entries)]
    return "\n".join(lines) + "\n"


def _grids() -> Iterator[Grid]:
    number = 0
    for beat, count in enumerate(GRIDS_OF_BEAT, 1):
        for within in range(1, count + 1):
            yield Grid(f"grid-{beat}{within:02d}", number, f"beat-{beat}", STREETS[number])
            number += 1


def _written(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and not (_PLAIN.fullmatch(value) and value not in _NOT_TEXT):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


@click.command(short_help="Print a made-up county town as a site file.")
@click.option("--seed", default=1, show_default=True, help="The same seed prints the same town, byte for byte.")
def site(*, seed: int) -> None:
    """Print a site file (YAML) of a made-up county town: about 2,500 doors in 31 grids.

    Five beats; 19 schools with gates, cameras and buttons; a mall, a night market and a bar street as special
    grids; works and hazardous sites with restricted doors; 62 residential buildings, each behind a gateway of
    its own; 60 elders who live alone; users, grid workers and duty.

    \b
    Draw a town and look at a day of it:
      python -m simulators site --seed 1 > town.yaml
      python -m simulators history --site town.yaml --seed 1 \\
          --from 2026-11-22T00:00:00+08:00 --to 2026-11-23T00:00:00+08:00 | head
    """  # noqa: D301, \b is how click is told to keep lines as they are
    click.echo(site_text(seed), nl=False)


__all__ = ["Entry", "county_town", "site", "site_text"]

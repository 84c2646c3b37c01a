"""Options that several commands have, so that they read alike everywhere."""

from pathlib import Path

import click

#: The small demo station, where no other is given.
SMALL_STATION = Path(__file__).with_name("site.yaml")

site = click.option(
    "--site",
    "site_path",
    default=SMALL_STATION,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Site file (YAML). [default: the small demo station]",
)
seed = click.option("--seed", default=1, show_default=True, help="The same seed, the same people and the same life.")
credentials = click.option(
    "--credentials",
    "credentials_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Credentials file (JSON): broker, station, a login for each device.",
)

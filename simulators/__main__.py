"""The command line: `python -m simulators COMMAND`."""

import click

from simulators.camera.command import camera
from simulators.county.site import site
from simulators.county_platform.command import county_platform
from simulators.history import history
from simulators.load import load
from simulators.receivers.serve import receivers
from simulators.scenario.command import scenario
from simulators.send import send
from simulators.town import town


@click.group(
    commands={
        "site": site,
        "history": history,
        "town": town,
        "scenario": scenario,
        "receivers": receivers,
        "send": send,
        "load": load,
        "camera": camera,
        "county-platform": county_platform,
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
def main() -> None:
    """Stand-ins for the hardware around the gateway.

    Every command explains itself with --help.
    """


if __name__ == "__main__":
    main(prog_name="python -m simulators")

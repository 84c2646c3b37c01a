"""`make bench-access DATA=dir`: the entry rules on the card log of VAST 2016, by pure replay.

Prints what each rule would have fired and the figures the log is known for; docs/access.md has a run and what it means.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.bench.access import checks
from tests.bench.access.log import FILE, read_log

FIRED = ("", "fired", "alerts", "subjects", "of reads")
COUNTED = ("", "who followed", "found", "fired", "fired at nobody", "alerts")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-access", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help=f"where {FILE} (or {FILE}.gz) is")
    arguments = parser.parse_args()
    try:
        reads = read_log(arguments.data)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    for title, header, check in (
        ("The log", ("", "here", "reference"), checks.facts),
        ("Off hours", FIRED, checks.off_hours),
        ("One card at two places", (*FIRED, "at the 1796 pairs"), checks.two_places),
        ("Anti-passback", FIRED, checks.passback),
        ("Tailgating, by people counters that are made up", COUNTED, checks.tailgating),
        ("Past the readers", (*FIRED[:-1], "of arrivals"), checks.without_lift),
    ):
        began = time.monotonic()
        rows = list(check(reads))
        print(f"\n### {title}\n")
        print(f"| {' | '.join(header)} |\n|{' --- |' * len(header)}")
        for row in rows:
            print(f"| {' | '.join(row)} |")
        print(f"\n({time.monotonic() - began:.0f} s)", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

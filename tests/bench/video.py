"""`make bench-video DATA=dir`: how well the camera analytics see, and what they cost.

Every part judges one analytic on public clips, on composites over real stills and on rendered scenes; modules named
`video_*` beside this one bring them. Prints a table; with `--record` it stands in docs/video.md. Returns 0 whatever the
figures are: a gate that is missed is said in the table.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time
from pathlib import Path

import cv2

from tests import bench
from tests.bench.video_parts import FIRST_SEED, Options, Part, Row, table

PAGE = Path(__file__).parents[2] / "docs" / "video.md"
BEGINS, ENDS = "<!-- table: make bench-video -->", "<!-- end of table -->"
#: What has to be in the folder for it to be the right one.
LABELS = "labels.json"


def parts() -> dict[str, Part]:
    """Return the parts by name: `PARTS` of each module `tests.bench.video_*` that has any."""
    found: dict[str, Part] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(bench.__path__)):
        if module.startswith("video_"):
            found |= getattr(importlib.import_module(f"{bench.__name__}.{module}"), "PARTS", {})
    return found


def main() -> int:
    there = parts()
    parser = argparse.ArgumentParser(prog="make bench-video", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help=f"where {LABELS} and the clips are")
    parser.add_argument("--only", nargs="+", choices=there, default=list(there), help="these parts only")
    parser.add_argument("--clips", type=int, default=Options().clips, help="rendered clips a part may judge")
    parser.add_argument("--minutes", type=float, default=Options().minutes, help="of pure distractors")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help=f"of the first clip; below {FIRST_SEED}: tuning")
    parser.add_argument("--jobs", type=int, default=Options().jobs, help="processes that render and judge scenes")
    parser.add_argument("--record", action="store_true", help="write the table into docs/video.md")
    arguments = parser.parse_args()
    if not (arguments.data / LABELS).exists():
        parser.error(f"{arguments.data} has no {LABELS}: name the folder of the test videos")
    if arguments.record and (arguments.seed < FIRST_SEED or len(arguments.only) < len(there)):
        parser.error(f"what is recorded is all parts, on seeds from {FIRST_SEED} on")
    cv2.setNumThreads(1)
    began = time.monotonic()

    def note(text: str) -> None:
        print(f"… {time.monotonic() - began:5.0f} s  {text}", file=sys.stderr, flush=True)

    options = Options(arguments.clips, arguments.minutes, arguments.seed, arguments.jobs, note)
    rows: list[Row] = []
    for name in arguments.only:
        note(name)
        rows += there[name](arguments.data, options)
    lines = table(rows)
    print("\n".join(lines))
    if arguments.record:
        _record(lines)
        note(f"recorded in {PAGE.name}")
    return 0


def _record(lines: list[str]) -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    told = "\n".join(lines)
    PAGE.write_text(f"{before}{BEGINS}\n\n{told}\n\n{ENDS}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

"""`make bench`: the figures of docs/benchmarks.md, side by side in one run on one machine.

Ratios first: the machine is shared and noisy. `--record` appends the run to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import acknowledge, backtest, cost, drain, latency

ROOT = Path(__file__).parents[2]
PARTS = ("drain", "cost", "acknowledge", "latency", "backtest")
RECORD = ROOT / "docs" / "benchmarks.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--record", action="store_true", help="append the run to docs/benchmarks.md")
    parser.add_argument(
        "--backlog-seconds", type=float, default=0.8, help="how long the backlog is filled at full speed"
    )
    parser.add_argument("--presses", type=int, default=100, help="presses per latency figure")
    parser.add_argument(
        "--past-events", type=int, default=1_000_000, help="how many events are backtested; 0 leaves it out"
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these figures only")
    arguments = parser.parse_args()
    lines: list[str] = []

    def say(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    say(f"## {datetime.now(UTC):%Y-%m-%d %H:%M} UTC · commit {_commit()} · {_machine()}")
    say("")
    with tempfile.TemporaryDirectory(prefix="anxin-bench-") as folder:
        home = Path(folder)
        parts: dict[str, Callable[[], Iterable[str]]] = {
            "drain": lambda: drain.run(home / "drain", arguments.backlog_seconds),
            "cost": lambda: cost.run(home / "cost"),
            "acknowledge": lambda: acknowledge.run(home / "acknowledge"),
            "latency": lambda: latency.run(home / "latency", arguments.presses),
            "backtest": lambda: backtest.run(home / "backtest", arguments.past_events) if arguments.past_events else (),
        }
        for name in arguments.only:
            for line in parts[name]():
                say(line)
            say("")
    if arguments.record:
        with RECORD.open("a", encoding="utf-8") as file:
            file.write("\n" + "\n".join(lines))
        print(f"recorded in {RECORD.relative_to(ROOT)}")


def _commit() -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores ({model}), Linux {platform.release()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())

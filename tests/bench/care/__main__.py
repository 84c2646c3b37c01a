"""`make bench-care DATA=dir`: how well silence is judged, on recordings of people who live alone, and on the town.

Walks forward through each home: a method knows the past only. False alerts per resident-month of 30 days that were
heard, with exact Poisson intervals; delays of random collapses at home. Prints the tables of docs/care.md; with
`--record` it writes them there. `--sweep` prints something else: ours against CGQ at eight degrees of patience.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

from tests.bench.care import outage, speed, sweep, tables, town
from tests.bench.care.methods import PATIENT, RHOS, Make, cgq, entries
from tests.bench.care.protocol import Outcome, judge, matched, pooled
from tests.bench.care.recordings import KITS, Home, read

PAGE = Path(__file__).parents[3] / "docs" / "care.md"
BEGINS, ENDS = "<!-- tables: make bench-care -->", "<!-- end of tables -->"
Said = Callable[[str], None]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-care", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with events.csv.gz and intervals.csv.gz")
    parser.add_argument("--town", type=int, default=7, metavar="SEED", help="seed of the simulator's town; 0: none")
    parser.add_argument("--seed", type=int, default=0, help="seed of the collapses")
    parser.add_argument("--record", action="store_true", help="write the tables into docs/care.md")
    parser.add_argument(
        "--sweep", action="store_true", help="compare with CGQ home by home at equal delays, and no more"
    )
    arguments = parser.parse_args()
    if not (arguments.data / "events.csv.gz").exists():
        parser.error(f"{arguments.data} has no events.csv.gz: name the folder of the recordings")
    began, lines = time.monotonic(), list[str]()

    def note(text: str) -> None:
        print(f"… {time.monotonic() - began:5.0f} s  {text}", file=sys.stderr, flush=True)

    if arguments.sweep:
        print("\n".join(sweep.run(read(arguments.data), arguments.seed, note)))
        return 0
    for part in _parts(arguments.data, arguments.town, arguments.seed, note):
        print("\n".join(part), flush=True)
        lines += part
    if arguments.record:
        _record(lines)
        note(f"recorded in {PAGE.name}")
    return 0


def _parts(data: Path, town_seed: int, seed: int, note: Said) -> Iterator[list[str]]:
    kits = {kit: homes for kit, homes in read(data).items() if homes}
    for kit, homes in kits.items():
        note(f"{kit}: {len(homes)} homes")
        yield _side_by_side(f"{kit}: {KITS[kit]}", homes, seed, note, each=True)
    yield _matched(kits, seed, note)
    note("lost gateways")
    yield ["**Lost gateways** (18–30 h every 10–20 days, five seeds, A1)", "", *tables.outages(outage.run(kits["A1"]))]
    if town_seed:
        for kit, homes in town.homes(town_seed).items():
            note(f"town, {kit}: {len(homes)} homes")
            yield _side_by_side(f"The town (seed {town_seed}), {KITS[kit]}", homes, seed, note, each=False)
    note("speed")
    yield [f"**Speed**: {speed.run()}", ""]


def _side_by_side(title: str, homes: list[Home], seed: int, note: Said, *, each: bool) -> list[str]:
    compared = entries(homes[0].kit, RHOS if each else (2.0, 0.5))
    outcomes: list[list[Outcome]] = []
    for home in homes:
        outcomes.append(judge(home, [entry.make(home) for entry in compared], seed))
        if each:
            note(f"  {home.name}: {home.months:.1f} months")
    rows = {entry.name: [one[number] for one in outcomes] for number, entry in enumerate(compared)}
    months = sum(home.months for home in homes)
    head = f"{title}; {len(homes)} homes, {months:.1f} resident-months"
    lines = tables.pooled(head, {name: sum(all_of, Outcome()) for name, all_of in rows.items()})
    return lines + (tables.by_home([home.name for home in homes], rows) if each else [])


def _matched(kits: dict[str, list[Home]], seed: int, note: Said) -> list[str]:
    by_delay, by_false = [], []
    for kit, homes in kits.items():
        often, seldom = (pooled(homes, cgq(rho).make, seed) for rho in (2.0, 0.5))
        delay, false = often.quantile(0.5), seldom.false
        for name, patient in PATIENT.items():
            note(f"{kit}: {name} at equal delay, at equal false alerts")
            run = cache(partial(_as_patient, homes, patient, seed))
            late = matched(run, partial(_late_enough, delay))
            calm = matched(run, partial(_calm_enough, false))
            by_delay.append(tables.matched_row(kit, name, f"{delay:.1f}", late))
            by_false.append(tables.matched_row(kit, name, f"{false}", calm))
    return [
        "**At equal delay**: each method as patient as it must be for the median delay of CGQ ρ 2", "",
        *tables.matched(by_delay, "median wanted"),
        "**At equal false alerts**: each method as patient as it must be for no more than CGQ ρ 0.5 has", "",
        *tables.matched(by_false, "at most"),
    ]  # fmt: skip


def _as_patient(homes: list[Home], patient: Callable[[float], Make], seed: int, patience: float) -> Outcome:
    return pooled(homes, patient(patience), seed)


def _late_enough(hours: float, outcome: Outcome) -> bool:
    return outcome.quantile(0.5) >= hours


def _calm_enough(false: int, outcome: Outcome) -> bool:
    return outcome.false <= false


def _record(lines: list[str]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    told = "\n".join(lines).strip()
    PAGE.write_text(f"{before}{BEGINS}\n\n{told}\n\n{ENDS}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

"""`make soak`: the demo at a multiple of real time; what grows, what was said that nobody expected, what went wrong.

Every ten seconds the memory of each process is read. At the end every alert is held against what the town's life holds:
the opening scene, residents' trips and misbehaving devices are expected, anything else is not.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import psycopg
from psycopg.rows import dict_row

from gateway.embedded.ports import any_free
from simulators.life.plan import Life
from simulators.site_file import read_site

EVERY_S = 10.0
PARTS = ("gateway", "api", "broker", "PostgreSQL", "town", "receivers")


@click.command()
@click.option("--hours", default=1.0, show_default=True, help="Real hours.")
@click.option("--speed", default=10.0, show_default=True, help="How many times real time.")
@click.option("--history-days", default=30.0, show_default=True)
def soak(*, hours: float, speed: float, history_days: float) -> None:
    """Run the demo and print a table for docs/benchmarks.md."""
    home = Path(tempfile.mkdtemp(prefix="anxin-soak-"))
    began = datetime.now(UTC)
    clock = f"{began.isoformat()}@{began.timestamp():.3f}x{speed:g}"
    environment = {**os.environ, "ANXIN_HOME": str(home), "ANXIN_CLOCK": clock}
    with (home / "demo.log").open("wb") as log:
        demo = subprocess.Popen(
            [
                sys.executable, "-m", "gateway.cli", "demo",
                "--port", str(any_free()), "--history-days", f"{history_days:g}",
            ],
            env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        told = _wait_for(home / "demo.json", demo)
        samples = _watch(told["pids"], hours * 3600)
        report = _report(home, told, samples, began, speed)
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.wait(60)
    click.echo(report)


def _wait_for(path: Path, demo: subprocess.Popen[bytes]) -> dict[str, Any]:
    while not path.exists() or "town" not in json.loads(path.read_text()).get("pids", {}):
        if demo.poll() is not None:
            raise click.ClickException((path.parent / "demo.log").read_text())
        time.sleep(1)
    told: dict[str, Any] = json.loads(path.read_text())
    return told


def _watch(pids: dict[str, int], seconds: float) -> list[dict[str, float]]:
    """Read the resident memory of each part (MB) until the time is over; a part that is gone ends the run."""
    samples: list[dict[str, float]] = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        samples.append({part: _resident_mb(_tree(pids[part])) for part in PARTS})
        time.sleep(EVERY_S)
    return samples


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(below for child in children for below in _tree(int(child)))]


def _resident_mb(pids: Iterable[int]) -> float:
    """Proportional set size: shared pages of PostgreSQL's processes are counted once."""
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
    return total / 1024


def _report(home: Path, told: dict[str, Any], samples: list[dict[str, float]], began: datetime, speed: float) -> str:
    with psycopg.connect(told["database_url"], row_factory=dict_row) as connection:
        alerts = connection.execute(
            "select rule_id, stream, subject, device_id, person_id, raised_at, suppressed_by from alert"
            " where raised_at > %s and stream <> 'probe' order by id", (began,)
        ).fetchall()  # fmt: skip
        events = connection.execute("select count(*) from event where received_at > %s", (began,)).fetchone()
        letters = connection.execute("select count(*) from dead_letter").fetchone()
        waiting = connection.execute(
            "select count(*) from notification where state in ('queued', 'refused', 'expired') and channel <> 'probe'"
        ).fetchone()
        facts = connection.execute("select facts from process_health where process = 'gateway'").fetchone()
    unexpected = _unexpected(alerts, home, told["seed"], began)
    wrong = _wrong(home)
    lines = [
        f"{len(samples) * EVERY_S / 3600:.2f} h at {speed:g} × real time, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "",
        "| MB (proportional) | first 5 min, median | last 5 min, median | most |",
        "| --- | --- | --- | --- |",
    ]
    window = int(300 / EVERY_S)
    for part in PARTS:
        series = [sample[part] for sample in samples]
        early, late = sorted(series[:window]), sorted(series[-window:])
        lines.append(f"| {part} | {early[len(early) // 2]:.0f} | {late[len(late) // 2]:.0f} | {max(series):.0f} |")
    by_rule: dict[str, int] = {}
    for alert in alerts:
        by_rule[alert["rule_id"]] = by_rule.get(alert["rule_id"], 0) + 1
    watchdog = (facts or {}).get("facts", {}).get("watchdog")
    lines += [
        "",
        (
            f"events {(events or {}).get('count')}, dead letters {(letters or {}).get('count')}, "
            f"messages not delivered {(waiting or {}).get('count')}, watchdog {watchdog}"
        ),
        f"alerts and work items by rule: {by_rule}",
        f"unexpected: {unexpected or 'none'}",
        f"warnings and errors in the logs: {len(wrong)}",
        *wrong[:10],
    ]
    return "\n".join(lines)


def _unexpected(alerts: list[dict[str, Any]], home: Path, seed: int, began: datetime) -> list[str]:
    """Alerts that no opening, trip, held door, complex dispute or misbehaving device explains."""
    life = Life(read_site(home / "site.yaml"), seed)
    until = began + timedelta(days=3)
    troubled = {episode.device for episode in life.episodes(began - timedelta(days=40), until)}
    away = {trip.person for trip in life.trips(began - timedelta(days=3), until)}
    held = {message.device for message in life.messages(began, until) if b'"door.held"' in message.payload}
    opening_ends = min((alert["raised_at"] for alert in alerts), default=began) + timedelta(minutes=15)
    return [
        f"{alert['rule_id']} {alert['subject']} {alert['raised_at']:%m-%d %H:%M}"
        for alert in alerts
        if alert["raised_at"] > opening_ends
        and not (alert["rule_id"].startswith("elder-") and alert["person_id"] in away)
        and alert["rule_id"] != "dispute-complex"
        and not (alert["rule_id"] == "door-held" and alert["device_id"] in held)
        and not (alert["stream"] == "work_item" and alert["device_id"] in troubled)
    ]


def _wrong(home: Path) -> list[str]:
    marks = ('"level": "warning"', '"level": "error"', " WARNING ", " ERROR ", "Traceback")
    return [
        f"{name}: {line[:200]}"
        for name in ("gateway", "api", "town", "receivers")
        for line in (home / f"{name}.log").read_text(errors="replace").splitlines()
        if any(mark in line for mark in marks)
    ]


if __name__ == "__main__":
    soak()

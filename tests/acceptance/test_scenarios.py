"""Every scenario's statement holds: in the town its rules were written beside, and in one nobody had seen."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres
from tests.acceptance.test_demo import environment
from tests.station import postgres_bin

SCENARIOS = sorted(path.stem for path in (Path(__file__).parents[2] / "simulators" / "scenarios").glob("*.yaml"))
#: (seed of the town, day). The rules were written with the first in sight; the second judges.
TOWNS = [(1, "2026-11-18"), (20261122, "2026-12-09")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("scenarios")
    running = EmbeddedPostgres(home / "postgres" / "data", any_free(), bin_directory=postgres_bin())
    running.start()
    try:
        yield running.url
    finally:
        running.stop()


@pytest.mark.parametrize(("seed", "day"), TOWNS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_what_must_happen_happens_and_nothing_that_must_not(
    server: str, name: str, seed: int, day: str, tmp_path: Path
) -> None:
    played = subprocess.run(
        [
            sys.executable, "-m", "gateway.cli", "simulate", name, "--seed", str(seed), "--begin", day,
            "--server", server, "--keep", str(tmp_path / "happened.jsonl"),
        ],
        env=environment(ANXIN_HOME=str(tmp_path)), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert played.returncode == 0, played.stdout + played.stderr
    assert "✓" in played.stdout


def test_a_rule_that_is_gone_makes_its_scenario_fail(server: str, tmp_path: Path) -> None:
    """The judge sees the road, not the scenario: without the button's rule nobody is told, and it says so."""
    script = (
        "import gateway.rule_book as b, gateway.rehearse as r, gateway.cli as c\n"
        "all_of = b.definitions_of\n"
        "r.definitions_of = lambda s: [d for d in all_of(s) if d.id != 'school-one-touch-alarm']\n"
        f"c.main(['simulate', 'school-alarm', '--server', {server!r}])\n"
    )
    played = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(ANXIN_HOME=str(tmp_path)), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert played.returncode == 1, played.stdout + played.stderr
    assert "✗" in played.stdout


def test_an_unknown_scenario_is_a_sentence(server: str, tmp_path: Path) -> None:
    played = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "simulate", "no-such-thing", "--server", server],
        env=environment(ANXIN_HOME=str(tmp_path)), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert played.returncode == 2
    assert "no-such-thing" in played.stderr
    assert "Traceback" not in played.stderr

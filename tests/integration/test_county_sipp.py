"""Against sipp: a platform that hears badly, and one that asks the same again and again."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors.gb28181.news import AlarmFailed, AlarmSent, StateChanged
from tests.county import Running, free_port, needs
from tests.unit.gb28181.desk import BUTTON, PASSWORD, alarm, item

pytestmark = [needs("sipp"), pytest.mark.slow]
SCENARIOS = Path(__file__).parents[1] / "sipp"


@contextmanager
def sipp(folder: Path, scenario: str, port: int, *more: str) -> Iterator[Path]:
    """A sipp that plays a scenario; gives the file into which it logs."""
    log = folder / "sipp.log"
    command = ["sipp", "-sf", str(SCENARIOS / scenario), "-i", "127.0.0.1", "-p", str(port), "-trace_logs", "-log_file",
               str(log), "-nostdin", *more]  # fmt: skip
    child = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield log
    finally:
        child.kill()
        child.wait(10)


def users(folder: Path, password: str) -> Path:
    file = folder / "users.csv"
    file.write_text(f"SEQUENTIAL\n{password}\n")
    return file


def test_what_is_not_heard_is_said_again_until_it_is(tmp_path: Path) -> None:
    port = free_port()
    with (
        sipp(tmp_path, "registrar.xml", port, "-inf", str(users(tmp_path, PASSWORD))) as log,
        Running(f"127.0.0.1:{port}", (item(BUTTON),)) as ours,
    ):
        ours.until(StateChanged, state="online")
        for number in range(8):
            ours.alarm(alarm(f"a{number}", sn=100 + number))
        ours.until(AlarmSent, 8, seconds=40)
        assert set(re.findall(r"<SN>(\d+)", log.read_text())) == {str(100 + number) for number in range(8)}
        assert ours.link.transactions[0] > 0


def test_a_wrong_password_is_refused_by_one_who_reckons_for_himself(tmp_path: Path) -> None:
    port = free_port()
    with (
        sipp(tmp_path, "registrar.xml", port, "-inf", str(users(tmp_path, "another"))),
        Running(f"127.0.0.1:{port}") as ours,
    ):
        assert ours.until(StateChanged, state="waiting")[0].status == 403


def test_a_platform_that_never_answers_is_given_up_after_32_seconds() -> None:
    port = free_port()
    began = time.monotonic()
    with Running(f"127.0.0.1:{port}", catalog_first_s=0) as ours:
        told = ours.until(StateChanged, seconds=45, state="waiting")[0]
        ours.alarm(alarm())
        assert ours.until(AlarmFailed)[0].again
    assert "no answer" in told.why
    assert time.monotonic() - began > 30


@pytest.mark.parametrize("rate", [150])
def test_options_by_the_hundred_are_answered(tmp_path: Path, rate: int) -> None:
    """sipp counts what it was answered: every one, each with a 200."""
    port = free_port()
    with Running(f"127.0.0.1:{port}") as ours:
        there = ours.config.listen
        done = subprocess.run(
            ["sipp", "-sf", str(SCENARIOS / "options.xml"), "-i", "127.0.0.1", "-p", str(port), "-m", "400", "-r",
             str(rate), "-nostdin", "-timeout", "30", "-timeout_error", there],
            cwd=tmp_path, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout.decode()[-1500:]

"""`anxin run`: gateway and API against a database and a broker that somebody else runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from gateway.county.config import read_county
from gateway.embedded.ports import must_be_free
from gateway.embedded.supervisor import Program, Supervisor
from gateway.model.errors import Misconfigured
from gateway.sealing_up import bring_up_to_date
from gateway.settings import Settings
from gateway.signals import on_signal


def run_both(settings: Settings, say: Callable[[str], None]) -> None:
    """Apply migrations, then keep gateway and API running until told to stop."""
    must_be_free(settings.http_port, "the API", "set another ANXIN_HTTP_PORT")
    applied = bring_up_to_date(settings)
    say(f"database ready{f', {len(applied)} migrations applied' if applied else ''}")
    settings.home.mkdir(parents=True, exist_ok=True)
    supervisor = Supervisor(say)
    on_signal(supervisor.stopping.set)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    try:
        for name in ("gateway", "api", *(("county",) if _has_links(settings) else ())):
            command = [sys.executable, "-m", "gateway.cli", name, *(("run",) if name == "county" else ())]
            supervisor.start(name, Program(name, command, environment, settings.home / f"{name}.log"))
        say(f"running; http://{settings.http_host}:{settings.http_port}; logs in {settings.home.resolve()}")
        supervisor.run()
    finally:
        supervisor.stop()


def _has_links(settings: Settings) -> bool:
    """Whether the county's file asks for a process: video alone does not. One that is wrong says so in its log."""
    if settings.county_file is None:
        return False
    try:
        return bool(read_county(settings.county_file).platforms)
    except Misconfigured:
        return True

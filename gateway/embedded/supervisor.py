"""Keep a handful of processes running: start in order, start again what ended, stop in the reverse order."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.embedded.broker import EmbeddedBroker
from gateway.embedded.children import start_child, stop_child
from gateway.embedded.postgres import EmbeddedPostgres

#: How soon a process that ended is started again; the longest wait when it keeps ending.
SOON_S, LONGEST_S = 0.3, 5.0
#: A process that ran this long was healthy: its next end is a first one.
HEALTHY_S = 30.0


@dataclass
class Program:
    """A process of ours."""

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    log: Path
    child: subprocess.Popen[bytes] | None = None
    ends: int = 0
    started: float = 0.0
    again_at: float = field(default=0.0)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.child is not None and self.child.poll() is None

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return self.child.pid if self.child is not None else None

    def start(self) -> None:
        """Start it. It is built to survive kill -9, so that is what it gets when its parent dies."""
        self.child = start_child(self.command, log=self.log, last_signal=signal.SIGKILL, environment=self.environment)
        self.started = time.monotonic()

    def stop(self) -> None:
        """Stop it."""
        if self.child is not None:
            stop_child(self.child)


Part = EmbeddedPostgres | EmbeddedBroker | Program


class Supervisor:
    """Supervises parts in the order they were added. Start and run it from the main thread.

    `restarted` is called after something was started again.
    """

    def __init__(self, say: Callable[[str], None], restarted: Callable[[], None] = lambda: None) -> None:
        self._say, self._restarted = say, restarted
        self._parts: list[tuple[str, Part]] = []
        self.stopping = threading.Event()

    def start(self, name: str, part: Part) -> None:
        """Start a part and keep it running from now on."""
        part.start()
        self._parts.append((name, part))

    def run(self) -> None:
        """Watch until told to stop."""
        while not self.stopping.wait(0.2):
            self.look()

    def look(self) -> None:
        """Start again what has ended."""
        for name, part in self._parts:
            if part.alive or self.stopping.is_set():
                continue
            if isinstance(part, Program):
                self._again(part)
            else:
                self._say(f"{name} ended; starting it again")
                part.start()
                self._restarted()

    def stop(self) -> None:
        """Stop everything, last started first."""
        self.stopping.set()
        for name, part in reversed(self._parts):
            if part.alive:
                self._say(f"stopping {name}")
            part.stop()

    def pids(self) -> dict[str, int]:
        """The process ids of what runs, by name."""
        return {name: part.pid for name, part in self._parts if part.alive and part.pid is not None}

    def _again(self, program: Program) -> None:
        now = time.monotonic()
        if program.again_at == 0.0:
            code = program.child.returncode if program.child is not None else None
            program.ends = 0 if now - program.started > HEALTHY_S else program.ends + 1
            program.again_at = now + min(SOON_S * 2 ** max(program.ends - 1, 0), LONGEST_S)
            self._say(f"{program.name} ended ({code}); starting it again; see {program.log}")
        elif now >= program.again_at:
            program.again_at = 0.0
            program.start()
            self._restarted()

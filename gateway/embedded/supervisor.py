"""Keep a handful of processes running: start in order, start again what ended, stop in the reverse order."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gateway.embedded.children import Part, start_child

#: How soon a process that ended is started again; the longest wait when it keeps ending.
SOON_S, LONGEST_S = 0.3, 5.0
#: A process that ran this long was healthy: its next end is a first one.
HEALTHY_S = 30.0


class Program(Part):
    """A process of ours. Built to survive kill -9, so that is what it gets when its parent dies."""

    def __init__(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str], log: Path) -> None:
        super().__init__()
        self.name, self.log = name, log
        self._command, self._environment = command, environment
        self._started = 0.0
        self._ends = 0
        self._again_at: float | None = None

    def start(self) -> None:
        """Start it."""
        self._child = start_child(
            self._command, log=self.log, last_signal=signal.SIGKILL, environment=self._environment
        )
        self._started = time.monotonic()

    def plan_restart(self) -> int | None:
        """It ended: decide when to start it again, later the more often it ends; returns its exit code."""
        healthy = time.monotonic() - self._started > HEALTHY_S
        self._ends = 1 if healthy else self._ends + 1
        self._again_at = time.monotonic() + min(SOON_S * 2 ** (self._ends - 1), LONGEST_S)
        return self._child.returncode if self._child is not None else None

    @property
    def restart_planned(self) -> bool:
        """Whether `plan_restart` was called since it ended."""
        return self._again_at is not None

    def restart_when_due(self) -> bool:
        """Start it if the planned moment has come."""
        if self._again_at is None or time.monotonic() < self._again_at:
            return False
        self._again_at = None
        self.start()
        return True


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

    def run(self, also: Callable[[], None] = lambda: None) -> None:
        """Watch until told to stop; `also` is called at each look."""
        while not self.stopping.wait(0.2):
            self.look()
            also()

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
        if not program.restart_planned:
            code = program.plan_restart()
            self._say(f"{program.name} ended ({code}); starting it again; see {program.log}")
        elif program.restart_when_due():
            self._restarted()

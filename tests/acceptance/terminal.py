"""A page of documentation run as somebody would who types it off: one shell, other terminals, what it should say."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.pages import Block

VALUES = "your values"
ASIDE = "in another terminal, until: "
UNTIL = "until: "


class Terminal:
    """One bash in a folder. `type` runs blocks; `close` ends what was started in other terminals."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = dict(environment)
        self._aside: list[subprocess.Popen[bytes]] = []
        self._logs: list[Path] = []
        self.said = ""

    def type(self, blocks: Iterable[Block], values: Iterable[str]) -> None:
        """Run the blocks in order; `values` stand in for those of whoever reads."""
        mine = iter(values)
        for block in blocks:
            if block.language == "text":
                expected = ".*".join(map(re.escape, block.text.strip().split("…")))
                assert re.search(expected, self.said, re.DOTALL), f"expected\n{block.text}\ngot\n{self.said}"
            elif block.language == "sh" and block.note == VALUES:
                self._run(next(mine))
            elif block.language == "sh" and block.note.startswith(ASIDE):
                self._start_aside(block.text, block.note.removeprefix(ASIDE))
            elif block.language == "sh":
                self._run_until(block.text, block.note.removeprefix(UNTIL))

    def _run_until(self, text: str, wanted: str) -> None:
        deadline = time.monotonic() + 30
        while True:
            failed = self._run(text, check=not wanted)
            if not wanted or (wanted in self.said and not failed):
                return
            assert time.monotonic() < deadline, f"{text}\nnever said {wanted!r}:\n{self.said}"
            time.sleep(0.5)

    def _run(self, text: str, *, check: bool = True) -> int:
        """Run a block; what it exports or sets is kept for the next."""
        kept = self.folder / ".kept"
        keep = f"declare -p | grep -v -e '^declare -[a-zA-Z]*r' > {kept}"
        script = f"[ ! -e {kept} ] || . {kept}\nset -e\n{text}\nset +e\n{keep}"
        done = subprocess.run(
            ["/bin/bash", "-c", script],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        self.said = done.stdout
        assert not check or done.returncode == 0, (
            f"{text}\nended with {done.returncode}:\n{self.said}{self._elsewhere()}"
        )
        return done.returncode

    def _start_aside(self, text: str, until: str) -> None:
        kept, log = self.folder / ".kept", self.folder / f"terminal-{len(self._logs)}.log"
        with log.open("wb") as output:
            child = subprocess.Popen(
                ["/bin/bash", "-c", f"[ ! -e {kept} ] || . {kept}\nexec {text.strip()}"],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self._aside.append(child)
        self._logs.append(log)
        deadline = time.monotonic() + 90
        while until not in log.read_text(errors="replace"):
            assert child.poll() is None, f"{text} ended:\n{log.read_text(errors='replace')}"
            assert time.monotonic() < deadline, f"{text} never said {until!r}:\n{log.read_text(errors='replace')}"
            time.sleep(0.1)

    def _elsewhere(self) -> str:
        return "".join(f"\n── {log.name}\n{log.read_text(errors='replace')[-2000:]}" for log in self._logs)

    def close(self) -> None:
        """End what runs in the other terminals, last started first."""
        for child in reversed(self._aside):
            if child.poll() is None:
                child.send_signal(signal.SIGINT if child is self._aside[0] else signal.SIGTERM)
                try:
                    child.wait(30)
                except subprocess.TimeoutExpired:
                    os.killpg(child.pid, signal.SIGKILL)
                    child.wait()

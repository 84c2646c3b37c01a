"""Start a child that ends with its parent, whatever happens to the parent."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
#: How long a child may take to end before it is ended.
STOP_WAIT_S = 20.0


def start_child(  # one keyword per property of the child
    command: Sequence[str | Path],
    *,
    log: Path,
    last_signal: signal.Signals = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
    user: int | None = None,
    group: int | None = None,
    own_process_group: bool = True,
) -> subprocess.Popen[bytes]:
    """Start a process whose output goes to `log` and that gets `last_signal` when its parent dies.

    Linux ties that signal to the thread that forks: call this from the main thread. With its own process group
    the child does not hear the terminal's Ctrl-C, so that the parent decides the order of stopping.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            user=user,
            group=group,
            extra_groups=[] if user is not None else None,
            process_group=0 if own_process_group else None,
            preexec_fn=_die_with_parent(os.getpid(), last_signal),  # noqa: PLW1509  # we fork before threads
        )


class Part:
    """Something that runs as one child of ours. Subclasses start it; `_how_to_stop` is the signal it stops by."""

    _how_to_stop = signal.SIGTERM

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return self._child.pid if self._child is not None else None

    def start(self) -> None:
        """Start it, and wait until it can be used where that matters."""
        raise NotImplementedError

    def stop(self) -> None:
        """Ask it to end, wait, and end it when it does not."""
        if self._child is not None:
            _stop_child(self._child, self._how_to_stop)
            self._child = None

    def kill(self) -> None:
        """End it as a crash would (tests)."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None


def _die_with_parent(parent: int, last_signal: signal.Signals) -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True)

    def in_child() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(last_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died in between: nobody will ever stop us
            os._exit(1)

    return in_child


def _stop_child(child: subprocess.Popen[bytes], how: signal.Signals) -> None:
    if child.poll() is not None:
        return
    child.send_signal(how)
    try:
        child.wait(STOP_WAIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()

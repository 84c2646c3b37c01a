"""Patience with rules: one that does not come back is ended, so that the others are asked.

A thread looks, twice a second, how long the road's thread has been busy with one and the same question: by its
processor time, so that a machine that was suspended or a database that is slow never blames a rule. After `PATIENCE_S`
the question is broken off by an exception in the road's thread, between two bytecodes; patterns and expressions, which
Python could not break off, cannot loop (`rules.match`).
"""

from __future__ import annotations

import ctypes
import sys
import threading

from gateway.clock import thread_cpu

#: Processor seconds a rule may take for one question; ordinary ones take microseconds.
PATIENCE_S = 2.0
LOOK_EVERY_S = 0.5


class RuleOverran(Exception):
    """A rule took longer over one event than all others together should."""


class Patience:
    """Watches the thread that asks rules. `begin` and `end` are called by it, around each question."""

    def __init__(self, patience_s: float = PATIENCE_S, look_every_s: float = LOOK_EVERY_S) -> None:
        self._patience_s, self._look_every_s = patience_s, look_every_s
        self._thread: int | None = None
        self._question = 0
        self._asked = False
        #: The question that is being broken off; set before the exception is sent.
        self._broken_off = -1
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="patience", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._watcher.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopping.set()
        if self._watcher.is_alive():
            self._watcher.join()

    def begin(self, rule: str) -> None:
        """A rule is asked."""
        del rule
        self._thread = threading.get_ident()
        self._question += 1
        self._asked = True

    def end(self) -> None:
        """It answered, or threw. What is being broken off just now ends here and nowhere later: `RuleOverran`."""
        self._asked = False
        if self._broken_off != self._question or isinstance(sys.exc_info()[1], RuleOverran):
            return
        while self._broken_off == self._question:
            self._stopping.wait(0.01)

    def _watch(self) -> None:
        seen, since = -1, 0.0
        while not self._stopping.wait(self._look_every_s):
            question, thread = self._question, self._thread
            if not self._asked or thread is None:
                seen = -1
            elif question != seen:
                seen, since = question, thread_cpu(thread)
            elif thread_cpu(thread) - since > self._patience_s:
                self._break_off(question, thread)
                seen = -1

    def _break_off(self, question: int, thread: int) -> None:
        self._broken_off = question
        if not self._asked or self._question != question:
            self._broken_off = -1  # it has answered after all
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(RuleOverran))

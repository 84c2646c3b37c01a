"""Nobody freezes in silence: when it fails for good people are told, once, and told again that it is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gateway.clock import SystemClock
from gateway.evidence import freeze, keeping
from gateway.evidence.keeping import Keeping
from gateway.model.judgement import Verdict
from tests.station import SEALER


class Pool:
    """Hands out nothing: what is asked of the database is answered by `freeze.catch_up` below."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield None


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_cannot_be_frozen_for_long_is_told_once_and_that_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    fails = True
    tried: list[int] = []

    def catch_up(*_args: Any) -> freeze.Caught:
        tried.append(1)
        if fails:
            raise RuntimeError("a defect")
        return freeze.Caught(0, [], more=False)

    said: list[Verdict] = []
    monkeypatch.setattr(freeze, "catch_up", catch_up)
    monkeypatch.setattr(keeping, "AGAIN_S", 0.02)
    monkeypatch.setattr(keeping, "LATE_AFTER_S", 0.6)
    monkeypatch.setattr(keeping, "LOOK_EVERY_S", 0.02)
    kept = Keeping("s", Pool(), SEALER, SystemClock(), said.append)  # type: ignore[arg-type]
    kept.start()
    try:
        until(lambda: len(said) == 1)
        assert len(tried) > 2, "a moment's trouble is nobody's business"
        tried.clear()
        until(lambda: len(tried) > 5)
        fails = False
        until(lambda: len(said) > 1)
        tried.clear()
        until(lambda: len(tried) > 5)
    finally:
        kept.stop()
    assert [(verdict.action, verdict.rule, verdict.stream) for verdict in said] == [
        ("raise", "evidence-late", "work_item"), ("clear", "evidence-late", "work_item"),
    ]  # fmt: skip
    assert "RuntimeError" in said[0].explanation.summary["en"]


def test_what_a_start_before_this_one_told_is_over_with_the_first_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Verdict] = []
    monkeypatch.setattr(freeze, "catch_up", lambda *_args: freeze.Caught(0, [], more=False))
    kept = Keeping("s", Pool(), SEALER, SystemClock(), said.append)  # type: ignore[arg-type]
    kept.start()
    try:
        until(lambda: len(said) == 1)
    finally:
        kept.stop()
    assert said[0].action == "clear"

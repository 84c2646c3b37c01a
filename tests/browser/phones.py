"""A phone in Chromium: 360 × 740 with touch, its own clock if need be, and what a button's press becomes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from .conftest import PATIENCE_MS, Demo, complaints_about, enter


@contextmanager
def carried(
    chromium: Browser, demo: Demo, *, workers: bool = True, script: str = "", language: str = "zh"
) -> Iterator[Page]:
    """A phone of its own at `/m`; nobody may have anything to complain of."""
    context = chromium.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, base_url=demo.url, locale="zh-CN",
        service_workers="allow" if workers else "block",
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    context.grant_permissions(["notifications"])
    context.add_init_script(f"localStorage.setItem('anxin.language', '{language}'); {script}")
    page = context.new_page()
    complaints = complaints_about(page, demo.url)
    page.goto("/m")
    yield page
    context.close()
    assert complaints == []


def log_in(page: Page, demo: Demo, username: str = "officer") -> None:
    """Log in on the phone and wait for its list."""
    enter(page, demo, username)
    page.locator("#mine-none, #mine .card").first.wait_for()


def kept(page: Page) -> None:
    """Wait until the page is kept for a stairwell."""
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def pressed(demo: Demo, device: str) -> int:
    """Press a button; answers the incident it opened."""
    demo.settle(device)
    demo.publish(device, "alarm.pressed")
    for _ in range(100):
        found = demo.get(f"alerts?state=open&device={device}")["items"]
        incidents = demo.get(f"alerts/{found[0]['id']}")["incidents"] if found else []
        if incidents and demo.get(f"incidents/{incidents[-1]}")["state"] not in {"closed", "merged", "cancelled"}:
            return int(incidents[-1])
        threading.Event().wait(0.1)
    pytest.fail(f"nothing came of a press of {device}")


def card(page: Page, incident: int) -> Locator:
    """An incident's card in the lists."""
    return page.locator(f"[data-incident='{incident}']")


def acts_of(demo: Demo, incident: int, act: str) -> list[dict[str, Any]]:
    """The lines of an incident's timeline that say that this was done."""
    return [line for line in demo.get(f"incidents/{incident}")["timeline"] if line["act"] == act]


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    for _ in range(300):
        if holds():
            return
        threading.Event().wait(0.1)
    pytest.fail("it did not come to that")

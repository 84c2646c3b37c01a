"""A demo without a simulated town for these tests alone, a headless Chromium, and hands to press buttons with."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import psycopg
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

#: Started for the first time, a demo makes a database; a busy machine takes its time over that.
START_S = 100.0
PATIENCE_MS = 30_000
#: The small town: every test knows its doors by name.
SITE = Path(__file__).parents[2] / "simulators" / "site.yaml"
ROOT = Path(__file__).parents[2]
#: The documentation's pictures; written when ANXIN_PICTURES says so (`make pictures`), so that they never go stale.
PICTURES = ROOT / "docs" / "screenshots"
AXE = ROOT / "api" / "console" / "node_modules" / "axe-core" / "axe.min.js"
#: The tour starts by itself in a browser that has never seen it; these have.
SEEN_TOUR = "localStorage.setItem('anxin.tour', 'seen')"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Demo:
    """What `demo.json` says, and what to do with it."""

    told: dict[str, Any]
    _token: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        return str(self.told["url"])

    def pid(self, part: str) -> int:
        """The process of a part as it runs now: one that was killed has another."""
        told = json.loads(Path(self.told["devices_file"]).with_name("demo.json").read_text(encoding="utf-8"))
        return int(told["pids"][part])

    def password(self, username: str) -> str:
        return str(self.told["users"][username]["password"])

    def publish(self, device: str, kind: str, data: dict[str, Any] | None = None) -> None:
        """Send one event as a device would; returns once the broker has acknowledged it."""
        told = self.told["mqtt"]
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        client.username_pw_set(told["username"], told["password"])
        client.connect(told["host"], told["port"])
        client.loop_start()
        try:
            lane = "alarm" if kind.startswith("alarm.") else "event"
            event = {
                "id": uuid.uuid4().hex,
                "ts": datetime.now(UTC).isoformat(),
                "kind": kind,
                "data": data or {},
            }
            topic = f"anxin/v1/{self.told['station']}/{device}/{lane}"
            sent = client.publish(topic, json.dumps(event), qos=1)
            sent.wait_for_publish(timeout=30)
            assert sent.is_published(), f"the broker did not acknowledge {kind} of {device}"
        finally:
            client.disconnect()
            client.loop_stop()

    def get(self, path: str) -> Any:
        """Ask the API as the operator, beside the page."""
        if not self._token:
            login = {"username": "operator", "password": self.password("operator")}
            self._token = self._ask("auth/login", login)["token"]
        return self._ask(path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Do something as the operator, beside the page."""
        self.get("me")
        return self._ask(path, body)

    def settle(self, device: str) -> None:
        """Acknowledge and reset what another test has left open on a device: the next press is a new alert."""
        for alert in self.get(f"alerts?state=open&device={device}")["items"]:
            self.post(f"alerts/{alert['id']}/ack", {})
            if alert["latched"]:
                self.post(f"alerts/{alert['id']}/reset", {})
        with suppress(urllib.error.HTTPError, json.JSONDecodeError):
            self.post("desk/end", {})

    def clear(self) -> None:
        """Close and let go of everything that stands open: what the next tests do is all that is to be seen."""
        for incident in self.get("incidents?state=open&limit=500")["items"]:
            with suppress(urllib.error.HTTPError):
                self.post(f"incidents/{incident['id']}/close", {"disposition": "real"})
        for alert in self.get("alerts?state=open&limit=500")["items"]:
            with suppress(urllib.error.HTTPError):
                self.post(f"alerts/{alert['id']}/ack", {})
                self.post(f"alerts/{alert['id']}/reset", {})
        with suppress(urllib.error.HTTPError, json.JSONDecodeError):
            self.post("desk/end", {})

    @contextmanager
    def changing_the_registry(self) -> Iterator[None]:
        """What is done within is known to the gateway afterwards."""
        log = Path(self.told["devices_file"]).with_name("gateway.log")
        before = log.read_text(errors="replace").count("registry read anew")
        yield
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while log.read_text(errors="replace").count("registry read anew") == before:
            assert time.monotonic() < deadline, "the gateway did not read the registry anew"
            time.sleep(0.05)

    def change(self, statement: str, *parameters: object) -> None:
        """Change the registry behind everybody's back, and let the gateway read it anew."""
        with self.changing_the_registry(), psycopg.connect(self.told["database_url"]) as database:
            database.execute(statement, parameters)  # type: ignore[arg-type]
            database.execute("update station set registry_version = registry_version + 1")
            database.execute("notify anxin_registry")

    def alert_of(self, device: str) -> dict[str, Any]:
        """The open alert of a device, as the API tells it."""
        (alert,) = self.get(f"alerts?state=open&device={device}")["items"]
        return dict(alert)

    def _ask(self, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/v1/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no chromium on PATH: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo of these tests' own, without a simulated town: what appears is what a test has published."""
    del chromium  # asked for first: without a browser no demo is started
    home = tmp_path_factory.mktemp("demo")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (home / "demo.log").open("wb")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gateway.cli",
            "demo",
            "--no-simulators",
            "--site",
            SITE,
            "--home",
            home,
            "--port",
            str(port),
        ],
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        yield Demo(_wait_for_demo(process, home))
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


@pytest.fixture(scope="module", autouse=True)
def clear_desk(demo: Demo) -> None:
    """The tests share a demo; each file begins with nothing open in it."""
    demo.clear()


def complaints_about(page: Page, url: str) -> list[str]:
    """What no page may do, from now on: throw, break the CSP, or ask anybody but the gateway."""
    found: list[str] = []
    ours = urlsplit(url).netloc

    def asked(url: str) -> None:
        where = urlsplit(url)
        if where.scheme in {"http", "https", "ws", "wss"} and where.netloc != ours:
            found.append(f"it asked {url}")

    page.context.on("request", lambda request: asked(request.url))
    page.on("websocket", lambda socket: asked(socket.url))
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda told: found.append(told.text) if "Content Security" in told.text else None)
    return found


@contextmanager
def opened(
    chromium: Browser, demo: Demo, *, seen_tour: bool = True, width: int = 1280, height: int = 800
) -> Iterator[Page]:
    """A page of its own: no cookies, nothing else remembered; nobody may have anything to complain of."""
    context = chromium.new_context(viewport={"width": width, "height": height}, base_url=demo.url, locale="zh-CN")
    context.set_default_timeout(PATIENCE_MS)
    if seen_tour:
        context.add_init_script(SEEN_TOUR)
    page = context.new_page()
    complaints = complaints_about(page, demo.url)
    yield page
    context.close()
    assert complaints == []


SETTLED = """Promise.all(document.getAnimations()
  .filter((one) => one.effect?.getComputedTiming().endTime !== Infinity)
  .map((one) => one.finished.catch(() => null))).then(() => null)"""


def accessible(page: Page) -> None:
    """Assert that axe-core finds nothing serious on the page as it is now."""
    # What fades in has no contrast yet; what blinks for good is not waited for.
    page.evaluate(SETTLED)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    told = [
        f"{one['impact']} {one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert told == []


def picture(page: Page, name: str) -> None:
    """Take the documentation's picture of this page, when pictures are asked for."""
    if os.environ.get("ANXIN_PICTURES"):
        page.screenshot(path=PICTURES / f"{name}.png")


@pytest.fixture
def page(chromium: Browser, demo: Demo) -> Iterator[Page]:
    """A page on a desk's screen."""
    with opened(chromium, demo) as page:
        yield page


@pytest.fixture
def newcomer(chromium: Browser, demo: Demo) -> Iterator[Page]:
    """A page in a browser that has never seen the tour."""
    with opened(chromium, demo, seen_tour=False) as page:
        yield page


@pytest.fixture
def newcomers_phone(chromium: Browser, demo: Demo) -> Iterator[Page]:
    """The same on a phone's screen."""
    with opened(chromium, demo, seen_tour=False, width=390) as page:
        yield page


def enter(page: Page, demo: Demo, username: str = "operator", password: str | None = None) -> None:
    """Fill in the log-in form of a page and send it."""
    page.locator("#username").fill(username)
    page.locator("#password").fill(password if password is not None else demo.password(username))
    page.locator("#login button[type=submit]").click()


@pytest.fixture
def log_in(page: Page, demo: Demo) -> Callable[..., None]:
    """Log in on the page."""

    def act(username: str = "operator", password: str | None = None) -> None:
        enter(page, demo, username, password)

    return act


@pytest.fixture
def console(page: Page, log_in: Callable[..., None]) -> Page:
    """The console with the operator logged in and its lists fetched."""
    page.goto("/")
    log_in()
    page.locator("#link.live").wait_for()
    page.locator("#nothing:visible, #open-alerts .row").first.wait_for()
    return page


def _wait_for_demo(process: subprocess.Popen[bytes], home: Path) -> dict[str, Any]:
    told = home / "demo.json"
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        if told.exists():
            try:
                return dict(json.loads(told.read_text()))
            except ValueError:
                pass  # half written
        time.sleep(0.2)
    pytest.fail(f"the demo did not start:\n{(home / 'demo.log').read_text(errors='replace')[-3000:]}")

"""My own account: password, sessions, and a second factor that whoever must have one gets before anything else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PATIENCE_MS, START_S, Demo, accessible, enter, opened, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def strict(demo: Demo) -> Iterator[Demo]:
    """Another API of the same demo, which asks commanders and admins for a second factor."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = Path(demo.told["devices_file"]).parent
    settings = {
        "ANXIN_DEMO": "true", "ANXIN_HOME": str(home), "ANXIN_STATION": demo.told["station"],
        "ANXIN_DATABASE_URL": demo.told["database_url"], "ANXIN_HTTP_HOST": "127.0.0.1", "ANXIN_HTTP_PORT": str(port),
        "ANXIN_MQTT_URL": f"mqtt://{demo.told['mqtt']['host']}:{demo.told['mqtt']['port']}",
        "ANXIN_TOTP_REQUIRED": "true",
    }  # fmt: skip
    with (home / "strict-api.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "api"], env=os.environ | settings, stdout=log, stderr=log
        )
        try:
            _wait_for(process, f"http://127.0.0.1:{port}/healthz", home / "strict-api.log")
            yield Demo({**demo.told, "url": f"http://127.0.0.1:{port}"})
        finally:
            process.terminate()
            process.wait(60)


def _wait_for(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"the second API did not start:\n{log.read_text(errors='replace')[-2000:]}")


@pytest.fixture
def without_factor(chromium: Browser, demo: Demo) -> Iterator[None]:
    """Whatever the commander has enrolled is taken away again: other tests log in with a password."""
    yield
    with opened(chromium, demo) as page:
        login = {"username": "admin", "password": demo.password("admin")}
        token = page.request.post("/api/v1/auth/login", data=login).json()["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert page.request.delete("/api/v1/users/commander/totp", headers=bearer).ok


def test_a_commander_gets_a_second_factor_first(
    chromium: Browser, demo: Demo, strict: Demo, without_factor: None
) -> None:
    del without_factor
    with opened(chromium, strict) as page:
        page.goto("/stats")
        enter(page, demo, "commander")
        expect(page.locator("#enrol")).to_be_visible()
        expect(page.locator("#menu, #top")).to_have_count(0)  # nothing else is there
        accessible(page)
        page.locator("#totp-password").fill("not this one")
        page.locator("#totp-password-form button").click()
        expect(page.locator("#enrol .error")).to_contain_text("密码错误")
        page.locator("#totp-password").fill(demo.password("commander"))
        page.locator("#totp-password-form button").click()
        secret = page.locator("#totp-secret").inner_text().replace(" ", "")
        expect(page.locator("#totp-uri")).to_contain_text(secret)
        accessible(page)
        picture(page, "second-factor")
        page.locator("#totp-digits").fill("000000" if pyotp.TOTP(secret).now() != "000000" else "111111")
        page.locator("#totp-digits-form button[type=submit]").click()
        expect(page.locator("#enrol .error")).to_contain_text("数字不对")
        page.locator("#totp-digits").fill(pyotp.TOTP(secret).now())
        page.locator("#totp-digits-form button[type=submit]").click()
        page.locator("#codes li").first.wait_for()
        codes = page.locator("#codes li").all_inner_texts()
        assert len(codes) == len(set(codes)) == 10
        page.locator("#enrol .others button").first.click()
        expect(page.locator("#codes-title")).to_contain_text("shown this once")
        accessible(page)
        page.locator("#codes-kept").click()
        expect(page.locator("#stats-total")).to_be_visible()  # the session goes on where it was going
    with opened(chromium, strict) as page:
        page.goto("/account")
        enter(page, demo, "commander")
        page.locator("#otp").fill(codes[0])
        page.locator("#login button[type=submit]").click()
        expect(page.locator("#totp-has")).to_be_visible()


def test_another_password_ends_the_other_sessions(chromium: Browser, demo: Demo) -> None:
    known, fresh = demo.password("deputy"), "three small boats at noon"
    with opened(chromium, demo) as first, opened(chromium, demo) as second:
        for page, word in ((first, known), (second, known)):
            page.goto("/account")
            enter(page, demo, "deputy", word)
            page.locator("#sessions tbody tr").first.wait_for()
        second.locator("#password-old").fill(known)
        second.locator("#password-new").fill(fresh)
        second.locator("#password-again").fill(f"{fresh}!")
        second.locator("#password-form button").click()
        expect(second.locator("#password-error")).to_contain_text("不一致")
        second.locator("#password-again").fill(fresh)
        second.locator("#password-form button").click()
        expect(second.locator("#notices")).to_contain_text("密码已修改")
        expect(second.locator("#sessions tbody tr")).to_have_count(1)
        assert first.request.get("/api/v1/me").status == 401
        first.reload()
        enter(first, demo, "deputy", fresh)
        first.locator("#sessions tbody tr").nth(1).wait_for()
        first.locator("#password-old").fill(fresh)
        first.locator("#password-new").fill(known)
        first.locator("#password-again").fill(known)
        first.locator("#password-form button").click()
        expect(first.locator("#notices")).to_contain_text("密码已修改")


def test_a_session_left_somewhere_is_ended(
    chromium: Browser, page: Page, demo: Demo, log_in: Callable[..., None]
) -> None:
    with opened(chromium, demo) as left:
        left.goto("/account")
        enter(left, demo, "officer")
        left.locator("#sessions tbody tr").first.wait_for()
        page.goto("/account")
        log_in("officer")
        page.locator("#sessions tr[data-this=true]").wait_for()
        expect(page.locator("#sessions tr[data-this=true] button")).to_have_count(0)
        accessible(page)
        picture(page, "account")
        others = page.locator("#sessions tr[data-this=false]")
        others.first.wait_for()
        while others.count():
            before = others.count()
            others.first.get_by_role("button").click()
            expect(others).to_have_count(before - 1)
        assert left.request.get("/api/v1/me").status == 401
        assert page.request.get("/api/v1/me").status == 200
    page.locator("#language").click()
    expect(page.locator(".account h2")).to_have_text("My account")
    accessible(page)

"""Can this phone be reached: subscription, test, a push through the service worker, receipts, where it leads."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import http_ece
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Page, expect

from gateway.sealing import contact_address, sealer_at
from gateway.telling.contacts import subscription_text

from .conftest import PATIENCE_MS, Demo, accessible, picture
from .phones import carried, kept, log_in, pressed, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)


class Pushes:
    """A push service of this test's own: what the gateway posts to it, opened with the keys of the subscription."""

    def __init__(self) -> None:
        self.key: EllipticCurvePrivateKey = generate_private_key(SECP256R1())
        self.auth = os.urandom(16)
        self.bodies: list[bytes] = []
        self.came = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                outer.came.set()
                self.send_response(201)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}/push/phone-of-this-test"

    @property
    def keys(self) -> dict[str, str]:
        """The subscription's, as a browser tells them."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"p256dh": _said(point), "auth": _said(self.auth)}

    def let_in(self, demo: Demo) -> None:
        """Let the contact the page has made lead here: from people only https is taken, and this is no https."""
        station, address = demo.told["station"], subscription_text({"endpoint": self.address, "keys": self.keys})
        sealer = sealer_at(Path(demo.told["devices_file"]).parent)
        sealed = sealer.seal(address, contact_address(station, "officer", "web_push"))
        with psycopg.connect(demo.told["database_url"]) as database:
            moved = database.execute(
                "update contact set address_sealed = %s where username = 'officer' and channel = 'web_push' "
                "and label <> 'stand-in' and state = 'active'", (sealed,),
            )  # fmt: skip
            assert moved.rowcount == 1

    def opened(self) -> str:
        """The last push in plain words."""
        assert self.came.wait(60), "the gateway pushed nothing"
        self.came.clear()
        plain: bytes = http_ece.decrypt(
            self.bodies[-1], private_key=self.key, auth_secret=self.auth, version="aes128gcm"
        )
        return plain.decode()

    def script(self) -> str:
        """What stands in for the browser's push manager: Chromium without a network reaches no push service."""
        told = {"endpoint": "https://push.example/phone-of-this-test", "keys": self.keys}
        return f"""
          const told = {json.dumps(told)};
          const made = () => ({{ ...told, options: {{ applicationServerKey: null }}, toJSON: () => told,
            unsubscribe: async () => localStorage.removeItem('stand-in') ?? true }});
          PushManager.prototype.getSubscription = async () => localStorage.getItem('stand-in') ? made() : null;
          PushManager.prototype.subscribe = async (asked) => {{
            if (!asked.userVisibleOnly || asked.applicationServerKey.length !== 65) throw new Error('wrongly asked');
            localStorage.setItem('stand-in', 'yes');
            return made();
          }};
        """


def _said(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_this_phone_can_be_reached_says_so_and_a_push_opens_the_very_incident(chromium: Browser, demo: Demo) -> None:
    pushes = Pushes()
    with carried(chromium, demo, script=pushes.script()) as phone:
        log_in(phone, demo)
        kept(phone)
        phone.goto("/m/me/reach")
        expect(phone.locator("#reach")).to_contain_text("还收不到通知")
        expect(phone.locator("details.brand")).to_have_count(6)
        accessible(phone)
        phone.locator("#subscribe").tap()
        expect(phone.locator("#reach")).to_contain_text("已开通通知")
        pushes.let_in(demo)
        deliver = _deliverer(phone, demo)

        phone.locator("#test").tap()
        expect(phone.locator("#ladder")).to_contain_text("推送服务已接收")
        deliver(pushes.opened())
        expect(phone.locator("#ladder")).to_contain_text("已到达手机")
        expect(phone.locator("#reach")).to_contain_text("测试通知已到达这部手机")
        picture(phone, "phone-reach")
        accessible(phone)

        phone.goto("/m")
        incident = pressed(demo, "school-2-button")
        for _ in range(20):
            payload = json.loads(pushes.opened())
            if payload["tag"] == f"incident-{incident}":
                break
        assert payload["url"] == f"/m?incident={incident}"
        deliver(json.dumps(payload))
        until(lambda: phone.evaluate(NOTICES, f"incident-{incident}"))
        shown = phone.evaluate(NOTICES, f"incident-{incident}")
        assert shown["title"].startswith("P1")
        assert "城关中学" not in shown["title"] + shown["body"]  # area, not address, on a lock screen
        assert shown["data"]["url"] == f"/m?incident={incident}"
        until(lambda: _delivered(demo, incident))
        # What cannot be read is shown all the same: browsers punish silence.
        deliver("no JSON")
        until(lambda: phone.evaluate(TITLES, "安心：有新消息"))
        # A click leads here: the worker tells the open page.
        phone.evaluate(
            "url => navigator.serviceWorker.dispatchEvent(new MessageEvent('message', {data: {what: 'open', url}}))",
            payload["url"],
        )
        expect(phone.locator("#place")).to_have_text("城关中学")

        phone.goto("/m/me/reach")
        phone.locator("#unsubscribe").tap()
        expect(phone.locator("#reach")).to_contain_text("还收不到通知")
    pushes.server.shutdown()
    pushes.server.server_close()


TITLES = """async (title) =>
  (await (await navigator.serviceWorker.ready).getNotifications()).some((one) => one.title === title)"""
NOTICES = """async (tag) => {
  const [one] = await (await navigator.serviceWorker.ready).getNotifications({tag});
  return one ? {title: one.title, body: one.body, data: one.data} : false;
}"""


def _delivered(demo: Demo, incident: int) -> bool:
    receipts = demo.get(f"incidents/{incident}")["receipts"]
    return any(told["channel"] == "web_push" and told["delivered_at"] for told in receipts)


def _deliverer(phone: Page, demo: Demo) -> Callable[[str], None]:
    """Hand a push to the service worker, as the browser would."""
    chrome = phone.context.new_cdp_session(phone)
    seen: list[str] = []
    chrome.on("ServiceWorker.workerRegistrationUpdated", lambda told: seen.extend(
        one["registrationId"] for one in told["registrations"] if one["scopeURL"].endswith("/m")
    ))  # fmt: skip
    chrome.send("ServiceWorker.enable")
    until(lambda: bool(seen) or phone.wait_for_timeout(50))

    def deliver(payload: str) -> None:
        chrome.send(
            "ServiceWorker.deliverPushMessage", {"origin": demo.url, "registrationId": seen[-1], "data": payload}
        )

    return deliver

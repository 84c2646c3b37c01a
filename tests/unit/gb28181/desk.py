"""A link without sockets: what it sends is looked at, what it gets is written here by hand, and time is turned."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.gb28181.alarm import Alarm
from connectors.gb28181.catalogue import Item
from connectors.gb28181.config import LinkConfig
from connectors.gb28181.link import Link
from connectors.gb28181.news import News

SERVER, OURS = "34020000002000000001", "34020000012005000001"
DOMAIN, PASSWORD = "3402000000", "Gw-pass-01"
BUTTON, DOOR, CAMERA = "34020000111345000001", "34020000011345000001", "34020000011325000001"
PEER = ("192.0.2.10", 5060)
BEGAN = datetime(2026, 3, 2, 7, 41, 9, tzinfo=UTC)


def item(code: str, name: str = "实验小学东门一键报警", **more: Any) -> Item:
    return Item(code=code, name=name, civil_code="340200", parent=OURS, **more)


def alarm(key: str = "a1", **more: Any) -> Alarm:
    told: dict[str, Any] = {
        "key": key, "sn": 4711, "channel": BUTTON, "priority": 1, "method": 2, "at": BEGAN,
        "description": "实验小学东门 一键报警",
    }  # fmt: skip
    return Alarm(**{**told, **more})


class Desk:
    """One link, its clock, and everything it sent and said."""

    def __init__(self, *, items: tuple[Item, ...] | None = None, **told: Any) -> None:
        config: dict[str, Any] = {
            "server_id": SERVER, "server": "192.0.2.10:5060", "device_id": OURS, "password": PASSWORD,
            "listen": "192.0.2.20:5060", "catalog_first_s": 0,
        }  # fmt: skip
        self.now = 1000.0
        self.config = LinkConfig(**{**config, **told})
        names = itertools.count(1)
        self.link = Link(
            self.config, PASSWORD, lambda: BEGAN + timedelta(seconds=self.now - 1000.0), name="城关派出所",
            version="1.0", entries=(item(BUTTON), item(DOOR, "三栋单元门")) if items is None else items,
            token=lambda: f"{next(names):016x}",
        )  # fmt: skip
        self.sent: list[bytes] = []
        self.said: list[News] = []
        self._theirs = itertools.count(1)

    def collect(self) -> list[bytes]:
        """What went out since the last time."""
        found = [data for data, _ in self.link.take()]
        self.sent += found
        self.said += self.link.news()
        return found

    def wait(self, seconds: float) -> list[bytes]:
        """Let time pass, tick by tick."""
        found: list[bytes] = []
        ends = self.now + seconds
        while self.now < ends:
            due = self.link.next_due()
            self.now = min(max(due, self.now + 0.001), ends)
            self.link.tick(self.now)
            found += self.collect()
        return found

    def hear(self, data: bytes, peer: tuple[str, int] = PEER) -> list[bytes]:
        """The platform says something; returns what is said to it."""
        self.link.receive(data, peer, self.now)
        return self.collect()

    def reply(self, to: bytes, status: int, reason: str = "OK", *more: str) -> list[bytes]:
        """The platform answers one of our requests."""
        return self.hear(answer(to, status, reason, *more))

    def register(self) -> list[bytes]:
        """Go through a registration with a challenge."""
        self.link.start(self.now)
        (first,) = self.collect()
        (second,) = self.reply(
            first,
            401,
            "Unauthorized",
            f'WWW-Authenticate: Digest realm="{DOMAIN}", nonce="5f3c9a7e21d04b66", qop="auth"',
        )
        return self.reply(second, 200, "OK", "Expires: 3600", "Date: 2026-03-02T15:41:09.000")

    def ask(self, xml: str, **more: Any) -> list[bytes]:
        """The platform sends a MESSAGE."""
        return self.hear(self.message(xml, **more))

    def message(
        self, xml: str | bytes, *, method: str = "MESSAGE", to: str = OURS, sender: str = SERVER, headers: str = "",
        branch: str = "", call_id: str = "", to_tag: str = "", cseq: int = 0, kind: str = "Application/MANSCDP+xml",
    ) -> bytes:  # fmt: skip
        number = next(self._theirs)
        body = xml if isinstance(xml, bytes) else f'<?xml version="1.0" encoding="GB2312"?>\r\n{xml}'.encode("gb18030")
        head = (
            f"{method} sip:{to}@192.0.2.20:5060 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 192.0.2.10:5060;rport;branch={branch or f'z9hG4bKp{number}'}\r\n"
            f"From: <sip:{sender}@{DOMAIN}>;tag=p1\r\nTo: <sip:{OURS}@{DOMAIN}>{f';tag={to_tag}' if to_tag else ''}\r\n"
            f"Call-ID: {call_id or f'p{number}@192.0.2.10'}\r\nCSeq: {cseq or number} {method}\r\n{headers}"
            f"Max-Forwards: 70\r\n{f'Content-Type: {kind}' if body else 'User-Agent: county'}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def of(self, kind: type[Any]) -> list[Any]:
        """What was said of one kind."""
        return [one for one in self.said if isinstance(one, kind)]


def header(data: bytes, name: str) -> str:
    found = re.search(rf"^{name}: *(.*?)\r$", data.split(b"\r\n\r\n")[0].decode() + "\r", re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


def start(data: bytes) -> str:
    return data.split(b"\r\n")[0].decode()


def body(data: bytes) -> str:
    return data.split(b"\r\n\r\n", 1)[1].decode("gb18030")


def element(data: bytes, name: str) -> str:
    found = re.search(rf"<{name}>(.*?)</{name}>", body(data), re.DOTALL)
    return found[1] if found else ""


def answer(to: bytes, status: int, reason: str, *more: str, xml: bytes = b"") -> bytes:
    kept = [f"{name}: {header(to, name)}" for name in ("Via", "From", "Call-ID", "CSeq")]
    tag = "" if ";tag=" in header(to, "To") else ";tag=county"
    lines = [f"SIP/2.0 {status} {reason}", *kept, f"To: {header(to, 'To')}{tag}", *more, f"Content-Length: {len(xml)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + xml


def query(cmd_type: str, sn: int = 7, device: str = OURS, more: str = "", root: str = "Query") -> str:
    return f"<{root}><CmdType>{cmd_type}</CmdType><SN>{sn}</SN><DeviceID>{device}</DeviceID>{more}</{root}>"

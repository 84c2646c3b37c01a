"""A lower platform by hand: one socket, messages written out as text, digest by its own sums."""

from __future__ import annotations

import hashlib
import itertools
import re
import socket
from typing import Any, NamedTuple, Self

SERVER, DOMAIN, REALM = "34020000002000000001", "3402000000", "3402000000"
GATEWAY, PASSWORD = "34020000012005000001", "Gw-pass-01"
BUTTON, DOOR = "34020000111345000001", "34020000011345000001"
MANSCDP = "Application/MANSCDP+xml"


class Got(NamedTuple):
    """What arrived: start line, headers by lower-case name, body."""

    first: str
    headers: dict[str, str]
    body: bytes

    @property
    def status(self) -> int:
        return int(self.first.split()[1])

    @property
    def text(self) -> str:
        return self.body.decode("gb18030")

    def field(self, name: str) -> str:
        found = re.search(rf"<{name}>([^<]*)</{name}>", self.text)
        return found[1] if found else ""


def got(data: bytes) -> Got:
    head, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    first, *lines = head.decode().split("\n")
    return Got(first, {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}, body)


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324  # what the protocol has


def credentials(
    challenge: str, uri: str, password: str = PASSWORD, user: str = GATEWAY, method: str = "REGISTER"
) -> str:
    told = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', challenge)}
    secret, request = md5(f"{user}:{told['realm']}:{password}"), md5(f"{method}:{uri}")
    parts = [f'username="{user}"', f'realm="{told["realm"]}"', f'nonce="{told["nonce"]}"', f'uri="{uri}"']
    if "qop" in told:
        answer = md5(f"{secret}:{told['nonce']}:00000001:0a4f113b:auth:{request}")
        parts += ["qop=auth", "nc=00000001", 'cnonce="0a4f113b"']
    else:
        answer = md5(f"{secret}:{told['nonce']}:{request}")
    parts += [f'response="{answer}"']
    parts += [f'opaque="{told["opaque"]}"'] if "opaque" in told else []
    parts += ["algorithm=MD5"] if "algorithm" in told else []
    return "Digest " + ", ".join(parts)


class Lower:
    """One peer at 127.0.0.1, over UDP or TCP."""

    def __init__(self, port: int, transport: str = "UDP", user: str = GATEWAY) -> None:
        kind = socket.SOCK_DGRAM if transport == "UDP" else socket.SOCK_STREAM
        self.socket = socket.socket(socket.AF_INET, kind)
        self.socket.settimeout(5)
        self.socket.connect(("127.0.0.1", port))
        if transport == "TCP":
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport, self.user, self.server = transport, user, port
        self.port = self.socket.getsockname()[1]
        self.uri = f"sip:{SERVER}@127.0.0.1:{port}"
        self.sns = itertools.count(1)
        self.calls = itertools.count(1)
        self.registration = f"reg-{self.port}"
        self.number = 0
        self._rest = b""
        self.waiting: list[Got] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def request(self, method: str, body: bytes = b"", **changes: Any) -> bytes:
        """Write a request; `changes` replace headers by name with `_` for `-`, None leaves one out."""
        call = next(self.calls)
        headers: dict[str, Any] = {
            "Via": f"SIP/2.0/{self.transport} 127.0.0.1:{self.port};rport;branch=z9hG4bK{self.port}x{call}",
            "Max-Forwards": "70",
            "From": f"<sip:{self.user}@{DOMAIN}>;tag=f{call}",
            "To": f"<sip:{self.user if method == 'REGISTER' else SERVER}@{DOMAIN}>",
            "Call-ID": f"c{call}-{self.port}",
            "CSeq": f"1 {method}",
        }
        uri = changes.pop("uri", self.uri)
        if body:
            headers["Content-Type"] = MANSCDP
        headers["Content-Length"] = str(len(body))
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        lines = [
            f"{method} {uri} SIP/2.0",
            *(f"{name}: {value}" for name, value in headers.items() if value is not None),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self) -> Got:
        """Return the next message of any kind."""
        if self.waiting:
            return self.waiting.pop(0)
        if self.transport == "UDP":
            return got(self.socket.recv(65536))
        while True:
            head, end, rest = self._rest.partition(b"\r\n\r\n")
            if end:
                length = int(re.search(rb"Content-Length: (\d+)", head)[1])  # type: ignore[index]
                if len(rest) >= length:
                    self._rest = rest[length:]
                    return got(head + end + rest[:length])
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self._rest += data

    def response(self) -> Got:
        """Return the next response; requests wait."""
        return self._next(of_response=True)

    def asked(self) -> Got:
        """Return the next request; responses wait."""
        return self._next(of_response=False)

    def _next(self, *, of_response: bool) -> Got:
        aside: list[Got] = []
        while True:
            one = self.read()
            if one.first.startswith("SIP/2.0") == of_response:
                self.waiting = aside + self.waiting
                return one
            aside.append(one)

    def register(self, password: str = PASSWORD, **changes: Any) -> Got:
        """Register, answer one challenge, return the last answer."""
        first = self.registering(**changes)
        if first.status != 401:
            return first
        return self.registering(
            Authorization=credentials(first.headers["www-authenticate"], self.uri, password), **changes
        )

    def registering(self, **changes: Any) -> Got:
        """Send one REGISTER, return the answer."""
        self.number += 1
        usual = {
            "From": f"<sip:{self.user}@{DOMAIN}>;tag=reg",
            "Call_ID": self.registration,
            "CSeq": f"{self.number} REGISTER",
            "Contact": f"<sip:{self.user}@127.0.0.1:{self.port}>",
            "Expires": "3600",
        }
        self.send(self.request("REGISTER", **(usual | changes)))
        return self.response()

    def message(self, root: str, fields: str, **changes: Any) -> Got:
        """Send a MESSAGE, return the answer."""
        self.send(self.request("MESSAGE", xml(root, fields), **changes))
        return self.response()

    def answer(self, request: Got, status: str = "200 OK", body: bytes = b"", **headers: str) -> None:
        """Answer a request."""
        self.send(self.answered(request, status, body, **headers))

    def answered(self, request: Got, status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
        to = request.headers["to"]
        lines = [
            f"SIP/2.0 {status}",
            f"Via: {request.headers['via']}",
            f"From: {request.headers['from']}",
            f"To: {to if 'tag=' in to else to + ';tag=lower'}",
            f"Call-ID: {request.headers['call-id']}",
            f"CSeq: {request.headers['cseq']}",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
            f"Content-Length: {len(body)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def xml(root: str, fields: str, declared: str = "GB2312", codec: str = "gb18030") -> bytes:
    return f'<?xml version="1.0" encoding="{declared}"?>\r\n<{root}>\r\n{fields}\r\n</{root}>\r\n'.encode(codec)


def keepalive(sn: int) -> str:
    return f"<CmdType>Keepalive</CmdType><SN>{sn}</SN><DeviceID>{GATEWAY}</DeviceID><Status>OK</Status>"


def alarm(sn: int, at: str, channel: str = BUTTON, **changes: str) -> str:
    """Write an alarm; a field with an empty value is left out."""
    fields = {
        "CmdType": "Alarm", "SN": str(sn), "DeviceID": channel, "AlarmPriority": "1",
        "AlarmMethod": "2", "AlarmTime": at,
        "AlarmDescription": "实验小学东门 一键报警", "Longitude": "118.376451", "Latitude": "31.326319",
    } | changes  # fmt: skip
    return "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value)


def item(gb_id: str = BUTTON, name: str = "实验小学东门一键报警", **changes: str) -> str:
    """Write a catalogue item of 2016; a field with an empty value is left out."""
    fields = {
        "DeviceID": gb_id, "Name": name, "Manufacturer": "ACME", "Model": "BTN-1", "Owner": "实验小学",
        "CivilCode": "340200", "Address": "东门门卫室", "Parental": "0", "ParentID": GATEWAY, "SafetyWay": "0",
        "RegisterWay": "1", "Secrecy": "0", "Status": "ON",
    } | changes  # fmt: skip
    return f"<Item>{''.join(f'<{key}>{value}</{key}>' for key, value in fields.items() if value)}</Item>"


def catalogue(sn: str, total: int, *items: str, num: int | None = None) -> str:
    told = f"<CmdType>Catalog</CmdType><SN>{sn}</SN><DeviceID>{GATEWAY}</DeviceID><SumNum>{total}</SumNum>"
    return told + (
        f'<DeviceList Num="{len(items) if num is None else num}">{"".join(items)}</DeviceList>' if items else ""
    )

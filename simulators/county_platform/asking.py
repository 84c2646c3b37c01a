"""What the platform asks of devices: an order becomes a request, and an exchange that waits for its answer."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from simulators.county_platform.manscdp import DECLARED, Body, Content, write
from simulators.county_platform.orders import ORDERS, sdp
from simulators.county_platform.registrar import Registrar
from simulators.county_platform.sending import Exchange, Sender, composed
from simulators.county_platform.settings import CountySettings
from simulators.county_platform.sip import Message, address
from simulators.county_platform.subscriptions import GONE, Subscription, Subscriptions
from simulators.county_platform.watch import Watch
from simulators.county_platform.wire import Source, Wire

_MANSCDP = ("Content-Type", "Application/MANSCDP+xml")
_OK = 200
AGENT = "county-platform"


class NobodyThere(LookupError):
    """No such device is registered, and no address was given."""


class _Whom(NamedTuple):
    device: str
    to: Source
    host: str
    port: int


class Asking:
    """Orders to devices. All methods run under the platform's lock."""

    def __init__(
        self,
        settings: CountySettings,
        wire: Wire,
        sender: Sender,
        registrar: Registrar,
        subscriptions: Subscriptions,
        watch: Watch,
        copies: Callable[[str], int],
    ) -> None:
        self._settings, self._wire, self._sender, self._registrar = settings, wire, sender, registrar
        self._subscriptions, self._watch, self._copies = subscriptions, watch, copies
        self._numbers = itertools.count(1)
        self.exchanges: list[Exchange] = []
        #: How bodies are written: what they declare, what they are.
        self.declared = settings.declared or DECLARED[settings.dialect]
        self.encoded = settings.encoded or DECLARED[settings.dialect]

    def order(
        self,
        kind: str,
        target: str = "",
        device: str = "",
        to: Source | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Send one of ORDERS about `target`, the device itself where it is empty. Raises KeyError, NobodyThere."""
        order = ORDERS[kind]
        whom = self._whom(device, to)
        sn, about = str(next(self._numbers)), target or whom.device
        rest = dict(more or {})
        sn = rest.pop("SN", sn)
        content = [("CmdType", order.cmd_type), ("SN", sn), ("DeviceID", about), *order.fields(rest)]
        body = write(order.root, content, declared=self.declared, encoded=self.encoded)
        exchange = self._message(kind, whom, about, [_MANSCDP], body)
        exchange.cmd_type, exchange.sn, exchange.wants_answer = order.cmd_type, sn, order.answered
        return exchange

    def raw(self, body: bytes, content_type: str, device: str = "", to: Source | None = None) -> Exchange:
        """Send a MESSAGE with these bytes as they are."""
        whom = self._whom(device, to)
        kind = [("Content-Type", content_type)] if content_type else []
        return self._message("raw", whom, whom.device, kind, body)

    def call(self, method: str, channel: str = "", device: str = "", to: Source | None = None) -> Exchange:
        """Send OPTIONS, INVITE to a channel, or the CANCEL or BYE of the last INVITE to it (or of none)."""
        whom = self._whom(device, to)
        about = channel or whom.device
        invited = next((one for one in reversed(self.exchanges) if one.kind == "INVITE" and one.target == about), None)
        if method in {"BYE", "CANCEL"} and invited is not None:
            return self._after(method, whom, invited)
        headers, body = self._headers(method, whom, about), b""
        if method == "INVITE":
            ssrc = "0" + self._settings.sip_domain[3:8] + f"{next(self._numbers) % 10000:04}"
            body = sdp(about, self._settings.host, 30000, ssrc)
            headers += [("Subject", f"{about}:{ssrc},{self._settings.id}:0"), ("Content-Type", "Application/SDP")]
        return self._send(method, whom, about, self._request(method, whom, about, headers, body))

    def subscribe(self, subscription: Subscription, to: Source | None = None) -> Exchange:
        """Send a SUBSCRIBE of this dialog: its first, a refresh, or with `expires_s` 0 its end."""
        one, whom = subscription, self._whom(subscription.device, to)
        if one.cseq == 0:
            self._subscriptions.add(one)
        one.cseq += 1
        if one.expires_s == 0:
            one.state = "cancelled"
        fields: list[tuple[str, Content]] = [("CmdType", one.kind), ("SN", str(next(self._numbers)))]
        filters = {"DeviceID": one.device} | dict(one.filters)
        body = write("Query", [*fields, *filters.items()], declared=self.declared, encoded=self.encoded)
        headers = self._headers(
            "SUBSCRIBE",
            whom,
            one.device,
            call_id=one.call_id,
            tag=one.local_tag,
            number=one.cseq,
            to_tag=one.remote_tag,
        )
        headers += [("Event", one.event), ("Expires", str(one.expires_s)), _MANSCDP]
        request = self._request("SUBSCRIBE", whom, one.device, headers, body, contact=one.contact)

        def final(response: Message | None) -> None:
            if response is not None and response.status == _OK:
                one.granted(response)
            elif response is None or response.status == GONE:
                one.state = "over"

        return self._send(f"subscribe {one.kind}", whom, one.device, request, final)

    def answered(self, device: str, body: Body) -> Exchange | None:
        """Return the exchange that a MANSCDP Response belongs to, the newest with its CmdType and SN."""
        return next(
            (
                one
                for one in reversed(self.exchanges)
                if (one.device, one.cmd_type, one.sn) == (device, body.cmd_type, body.sn)
                and one.request.method == "MESSAGE"
            ),
            None,
        )

    def _whom(self, device: str, to: Source | None) -> _Whom:
        if to is not None:
            return _Whom(device or next(iter(self._settings.devices)), to, to.host, to.port)
        there = self._registrar.registered
        if not device and len(there) == 1:
            device = next(iter(there))
        if device not in there:
            raise NobodyThere(f"{device or 'no device'} is not registered; {len(there)} are")
        known = there[device]
        contact = address(known.contact)
        return _Whom(device, known.source, contact.host, contact.port)

    def _message(self, kind: str, whom: _Whom, about: str, more: list[tuple[str, str]], body: bytes) -> Exchange:
        headers = [*self._headers("MESSAGE", whom, whom.device), *more]
        return self._send(kind, whom, about, self._request("MESSAGE", whom, whom.device, headers, body))

    def _after(self, method: str, whom: _Whom, invited: Exchange) -> Exchange:
        """Send what ends an INVITE: a CANCEL of its transaction, a BYE in its dialog."""
        asked = invited.request.headers
        number = invited.request.cseq[0]
        tag = address(asked.first("From")).tag
        headers = self._headers(
            method, whom, invited.target, call_id=asked.first("Call-ID"), tag=tag, number=number + (method == "BYE"),
            to_tag=invited.remote_tag,
        )  # fmt: skip
        if method == "CANCEL":
            headers = [("Via", asked.first("Via")), *(one for one in headers if one[0] != "Via")]
        return self._send(method, whom, invited.target, self._request(method, whom, invited.target, headers))

    def _headers(
        self,
        method: str,
        whom: _Whom,
        user: str,
        *,
        call_id: str = "",
        tag: str = "",
        number: int = 1,
        to_tag: str = "",
    ) -> list[tuple[str, str]]:
        settings = self._settings
        host = f"{settings.host}:{self._wire.port}"
        headers = [
            ("Via", self._sender.via(whom.to.transport)),
            ("From", f"<sip:{settings.id}@{settings.sip_domain}>;tag={tag or secrets.token_hex(4)}"),
            ("To", f"<sip:{user}@{settings.sip_domain}>{f';tag={to_tag}' if to_tag else ''}"),
            ("Call-ID", call_id or f"{secrets.token_hex(8)}@{settings.host}"),
            ("CSeq", f"{number} {method}"),
            ("Max-Forwards", "70"),
            ("User-Agent", AGENT),
        ]
        return headers if method in {"MESSAGE", "CANCEL"} else [*headers, ("Contact", f"<sip:{settings.id}@{host}>")]

    def _request(
        self, method: str, whom: _Whom, user: str, headers: list[tuple[str, str]], body: bytes = b"", contact: str = ""
    ) -> Message:
        uri = contact.partition("<")[2].partition(">")[0] or f"sip:{user}@{whom.host}:{whom.port}"
        return composed(f"{method} {uri} SIP/2.0", headers, body)

    def _send(
        self,
        kind: str,
        whom: _Whom,
        about: str,
        request: Message,
        final: Callable[[Message | None], None] = lambda _: None,
    ) -> Exchange:
        exchange = Exchange(kind, whom.device, about, request, self._watch, began=time.monotonic())
        self.exchanges.append(exchange)

        def done(response: Message | None) -> None:
            if response is not None:
                exchange.remote_tag = address(response.headers.first("To")).tag
            final(response)
            if response is not None and response.method == "INVITE" and response.status == _OK:
                self._acknowledge(exchange, whom)

        self._sender.send(exchange, whom.to, done, copies=self._copies(request.method))
        return exchange

    def _acknowledge(self, exchange: Exchange, whom: _Whom) -> None:
        asked = exchange.request
        tag = address(asked.headers.first("From")).tag
        headers = self._headers(
            "ACK",
            whom,
            exchange.target,
            call_id=asked.call_id,
            tag=tag,
            number=asked.cseq[0],
            to_tag=exchange.remote_tag,
        )
        contact = exchange.responses[-1].headers.first("Contact")
        request = self._request("ACK", whom, exchange.target, headers, contact=contact)
        self._sender.send(Exchange("ACK", whom.device, exchange.target, request, self._watch), whom.to, lambda _: None)

"""What is wrong with a SIP request or response by itself, as the profile of GB/T 28181 says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from simulators.county_platform.checks import is_gb_id
from simulators.county_platform.manscdp import Fault
from simulators.county_platform.settings import CountySettings
from simulators.county_platform.sip import Message, address, parameters
from simulators.county_platform.wire import Source

LONGEST_UDP = 1300
SHORTEST_EXPIRES = 3600
MAGIC = "z9hG4bK"
_MANSCDP = "application/manscdp+xml"


def check_request(message: Message, source: Source, settings: CountySettings) -> Iterator[Fault]:
    """Name the rules that a request breaks by itself."""
    yield from message.odd
    yield from _via(message, source)
    yield from _ends(message, settings)
    for name in ("Call-ID", "CSeq", "From", "To", "Max-Forwards"):
        if len(message.headers.all(name)) != 1:
            yield "header", f"{name} stands {len(message.headers.all(name))} times"
    if message.headers.first("Max-Forwards") != "70":
        yield "max-forwards", f"Max-Forwards {message.headers.first('Max-Forwards')!r}"
    if message.cseq[0] < 0 or message.cseq[1] != message.first.partition(" ")[0]:
        yield "cseq", f"CSeq {message.headers.first('CSeq')!r} of {message.method}"
    if source.transport == "UDP" and len(message.raw) > LONGEST_UDP:
        yield "udp-size", f"{len(message.raw)} bytes by UDP, more than {LONGEST_UDP}"
    if source.transport == "TCP" and not message.headers.all("Content-Length"):
        yield "content-length", "none on a stream"
    if message.method == "REGISTER":
        yield from _register(message, settings)
    elif message.method in {"MESSAGE", "NOTIFY"}:
        yield from _carrier(message)


def check_response(message: Message, request: Message, settings: CountySettings) -> Iterator[Fault]:
    """Name the rules that a response to a request of ours breaks."""
    yield from message.odd
    for name in ("Call-ID", "CSeq", "From"):
        if message.headers.first(name) != request.headers.first(name):
            yield "response-header", f"{name} {message.headers.first(name)!r}, asked {request.headers.first(name)!r}"
    if len(message.headers.all("Via")) != 1 or "," in message.headers.first("Via"):
        yield "response-via", f"Via {message.headers.all('Via')}"
    asked, told = address(request.headers.first("To")), address(message.headers.first("To"))
    if (asked.user, asked.host) != (told.user, told.host):
        yield "response-header", f"To {message.headers.first('To')!r}"
    if message.status >= 200 and not told.tag:  # noqa: PLR2004  # a final response
        yield "response-to-tag", f"{message.first}: To without a tag"
    if request.method == "MESSAGE" and message.body:
        yield "response-body", "the answer to a MESSAGE is empty; what there is to say is a MESSAGE of its own"
    if request.method == "SUBSCRIBE" and message.status == 200:  # noqa: PLR2004
        yield from _subscribed(message, request, settings)


def _subscribed(message: Message, request: Message, settings: CountySettings) -> Iterator[Fault]:
    granted, asked = message.headers.first("Expires"), request.headers.first("Expires")
    if not granted.isdecimal() or int(granted) > int(asked):
        yield "subscribe-expires", f"Expires {granted!r}, asked {asked}"
    contact = address(message.headers.first("Contact"))
    if not is_gb_id(contact.user) or contact.user == settings.id:
        yield "contact", f"200 to SUBSCRIBE: Contact {message.headers.first('Contact')!r}"


def _via(message: Message, source: Source) -> Iterator[Fault]:
    via = message.via
    if not message.branch.startswith(MAGIC) or message.branch == MAGIC:
        yield "via-branch", f"branch {message.branch!r}"
    if "rport" not in parameters(via):
        yield "via-rport", f"no rport: {via!r}"
    if not re.match(rf"SIP\s*/\s*2\.0\s*/\s*{source.transport}\s", via):
        yield "via-transport", f"{via!r} by {source.transport}"


def _ends(message: Message, settings: CountySettings) -> Iterator[Fault]:
    """Judge who says it to whom: From, To and Request-URI."""
    sender, to, uri = address(message.headers.first("From")), address(message.headers.first("To")), message.uri
    if not sender.tag:
        yield "from-tag", f"From {message.headers.first('From')!r}"
    if not is_gb_id(sender.user):
        yield "from-user", f"From user {sender.user!r}"
    if sender.user == settings.id:
        yield "from-user", "From is the server's own ID"
    if address(uri).user != settings.id:
        yield "request-uri", f"{uri}: the user is {settings.id}"
    elif settings.host != "0.0.0.0" and address(uri).host not in {settings.host, settings.sip_domain}:  # noqa: S104
        yield "request-uri", f"{uri}: the host is {settings.host} or {settings.sip_domain}"
    wanted = sender.user if message.method == "REGISTER" else settings.id
    if to.user != wanted:
        yield "to-user", f"To user {to.user!r}, not {wanted}"
    if to.tag and message.method in {"REGISTER", "MESSAGE"}:
        yield "to-tag", f"{message.method} outside a dialog, To has a tag"


def _register(message: Message, settings: CountySettings) -> Iterator[Fault]:
    contact = address(message.headers.first("Contact"))
    user = address(message.headers.first("From")).user
    if contact.user != user or not contact.host:
        yield "contact", f"Contact {message.headers.first('Contact')!r}"
    expires = message.headers.first("Expires")
    if not expires:
        yield "expires", "no Expires header"
    elif not expires.isdecimal() or 0 < int(expires) < SHORTEST_EXPIRES:
        yield "expires", f"Expires {expires}: 0, or {SHORTEST_EXPIRES} and more"
    version = message.headers.first("X-GB-Ver")
    wanted = {"2022": {"3.0"}, "2016": {"", "2.0"}}[settings.dialect]
    if version not in wanted:
        yield "x-gb-ver", f"X-GB-Ver {version!r} in {settings.dialect}"


def _carrier(message: Message) -> Iterator[Fault]:
    """Judge what carries MANSCDP."""
    kind = message.headers.first("Content-Type").partition(";")[0].strip()
    if message.body and kind.lower() != _MANSCDP:
        yield "content-type", f"Content-Type {kind!r}"
    if message.method == "NOTIFY":
        for name in ("Contact", "Event", "Subscription-State"):
            if not message.headers.all(name):
                yield "header", f"NOTIFY without {name}"

"""How we begin every request: who says it to whom, from where (GB/T 28181-2016 annex J, RFC 3261 8.1.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from connectors.gb28181.config import LinkConfig, host_port
from connectors.gb28181.manscdp import CONTENT_TYPE
from connectors.gb28181.message import Request, request

USER_AGENT = "Anxin"
BRANCH = "z9hG4bK"


class Envelope:
    """Writes the heads of one link's requests. `token` gives random names."""

    def __init__(self, config: LinkConfig, local: tuple[str, int], token: Callable[[], str]) -> None:
        self._config, self.token = config, token
        host, port = host_port(config.advertised) if config.advertised else local
        self._local = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.contact = f"<sip:{config.device_id}@{self._local}>"
        self.us = f"<sip:{config.device_id}@{config.domain}>"

    def platform(self, server_id: str, address: str) -> str:
        """Return the Request-URI of the platform."""
        host = self._config.domain if self._config.request_host == "domain" else address
        return f"sip:{server_id}@{host}"

    def call_id(self) -> str:
        """Return a Call-ID nobody had before."""
        return f"{self.token()}@{self._local}"

    def message(self, uri: str, body: bytes, *, name: str = "", attempt: int = 1) -> Request:
        """Return a MESSAGE with a body of MANSCDP.

        With a `name`, the same attempt is the same message to the byte, whoever sends it: the platform takes what comes
        after a restart for what it is, a retransmission.
        """
        said = name or self.token()
        return self.request(
            "MESSAGE", uri, to=f"<sip:{self._config.server_id}@{self._config.domain}>", tag=f"t{said}",
            call_id=f"{said}@{self._local}", cseq=attempt, branch=f"{BRANCH}{said}.{attempt}", body=body,
        )  # fmt: skip

    def request(  # one argument per thing of a head
        self,
        method: str,
        uri: str,
        *,
        to: str,
        tag: str,
        call_id: str,
        cseq: int,
        branch: str = "",
        more: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Request:
        """Return a request."""
        transport = self._config.transport.upper()
        headers = [
            ("Via", f"SIP/2.0/{transport} {self._local};rport;branch={branch or BRANCH + self.token()}"),
            ("Max-Forwards", "70"),
            ("From", f"{self.us};tag={tag}"),
            ("To", to),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} {method}"),
            *more,
            ("User-Agent", USER_AGENT),
        ]
        if body:
            headers.append(("Content-Type", CONTENT_TYPE))
        return request(method, uri, headers, body)

"""Alibaba Cloud's signature version 3 (ACS3-HMAC-SHA256) for calls in RPC style: parameters in the query, no body."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

_ALGORITHM = "ACS3-HMAC-SHA256"
_NO_BODY = hashlib.sha256(b"").hexdigest()


def query_of(parameters: Mapping[str, str]) -> str:
    """Return parameters as the canonical query: sorted, percent-encoded as RFC 3986 has it."""
    return "&".join(f"{_quoted(name)}={_quoted(parameters[name])}" for name in sorted(parameters))


def signed_headers(  # one argument per thing that is signed
    host: str, action: str, version: str, query: str, key_id: str, key_secret: str, now: datetime, nonce: str
) -> dict[str, str]:
    """Return the headers of a POST to `/?<query>`, signed. `now` is aware; a nonce is of use once."""
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": _NO_BODY,
        "x-acs-date": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(headers)  # written in order above
    canonical = "\n".join(
        ["POST", "/", query, *(f"{name}:{value}" for name, value in headers.items()), "", names, _NO_BODY]
    )
    to_sign = f"{_ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(key_secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return headers | {"Authorization": f"{_ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"}


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")

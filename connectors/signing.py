"""How a receiver knows that a POST is ours and new.

    X-Anxin-Timestamp: 1795330000
    X-Anxin-Signature: sha256=<hex HMAC-SHA256(secret, timestamp + "." + body)>

The signature covers the time, so that a recorded request cannot be replayed later.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime


def signature_headers(secret: bytes, body: bytes, now: datetime) -> dict[str, str]:
    """Return the two headers for a body sent now (aware)."""
    timestamp = str(int(now.timestamp()))
    signature = hmac.new(secret, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Anxin-Timestamp": timestamp, "X-Anxin-Signature": f"sha256={signature}"}

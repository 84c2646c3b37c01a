"""Why something was shelved or a turn was swapped: people's own words, which may speak of people, sealed at rest.

Whoever may see the shelf or the swap reads them there; the live stream, the audit trail's own columns and the page of a
handover carry none.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import structlog

from gateway.model.errors import Misconfigured
from gateway.sealing import Sealer

log = structlog.get_logger()


def of_shelf(station: str, by: str, begins_at: datetime) -> str:
    """Return what the reason of a shelf is sealed about: who made it, and when (aware, to the microsecond)."""
    return f"shelf.reason/{station}/{by}/{begins_at.astimezone(UTC).isoformat()}"


def of_swap(station: str, shift: str, day: date, instead_of: str) -> str:
    """Return what the reason of a swap is sealed about: there is one for a turn."""
    return f"swap.reason/{station}/{shift}/{day.isoformat()}/{instead_of}"


def sealed(sealer: Sealer, text: str, about: str) -> bytes | None:
    """Return a text sealed; None where nothing was said."""
    return sealer.seal(text, about) if text else None


def opened(sealer: Sealer, value: bytes | None, about: str) -> str | None:
    """Return what was said, empty where nothing was; None for what this key cannot open."""
    if value is None:
        return ""
    try:
        return sealer.unseal(value, about)
    except Misconfigured as error:
        # A wrong key must not keep anybody from what is shelved, or from the roster.
        log.warning("a reason cannot be opened", error=str(error))
        return None

"""What may be told of a failure: no secret, no address, no number in full."""

from __future__ import annotations

import re

#: The longest detail kept of a provider's answer.
LONGEST = 300
#: Shorter ones are words of the language: taking them out would hide nothing and spoil the rest.
SHORTEST_SECRET = 4
#: Seven digits and more, also with spaces and dashes: a phone number, an identity card, an account.
_NUMBER = re.compile(r"(?<![0-9])\+?\d(?:[ -]?\d){6,}")


def hidden(text: str, *secrets: str) -> str:
    """Return a text of another party without these secrets, long numbers down to their last two digits, one line."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "…")
    text = _NUMBER.sub(lambda found: f"…{found.group()[-2:]}", text)
    return " ".join(text.split())[:LONGEST]

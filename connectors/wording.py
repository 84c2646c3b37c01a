"""What a message says to people, taken out of its body. Nothing personal is in there, and nothing is added here."""

from __future__ import annotations

from typing import Any, Literal

from gateway.model.ports import Message

Language = Literal["zh", "en"]


def said(message: Message, field: str, language: Language = "zh") -> str:
    """Return `title` or `body` in a language; empty where there is none."""
    told: Any = message.body.get(field)
    return str(told.get(language) or "") if isinstance(told, dict) else str(told or "")


def area_of(message: Message) -> str:
    """Return the area's name: the body says it in so many words, or its text begins with it."""
    told = message.body.get("area")
    return str(told) if told else said(message, "body").partition(" · ")[0]


def link_of(message: Message, public_url: str | None) -> str | None:
    """Return the address that opens the incident, when phones have a way to the gateway."""
    path = message.body.get("url")
    return f"{public_url.rstrip('/')}{path}" if public_url and path else None

"""Evidence: records of the chain, what they speak for, signed heads."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.answers.documented import Answer


class FrozenContent(Answer):
    """What a record speaks for: bytes by their size and hashes (hex). `gone`: let go of at the end of its time."""

    name: str
    media_type: str
    size: int
    sha256: str
    sm3: str = Field(description="GB/T 32905-2016")
    gone: bool


class EvidenceRecord(Answer):
    """A record of the chain; `link` (hex) binds it to all before it."""

    seq: int
    at: datetime
    kind: Literal["alert", "picture", "step", "export"]
    incident: int | None
    alert: int | None
    what: dict[str, Any]
    contents: list[FrozenContent]
    link: str


class SignedHead(Answer):
    """How far the chain had come at a moment, signed (Ed25519, hex) by the key with this fingerprint."""

    station: str
    seq: int
    link: str
    at: datetime
    signer: str
    signature: str


class EvidenceList(Answer):
    """What is kept of an incident. `head`: the last one; it holds the records up to its own."""

    items: list[EvidenceRecord]
    head: SignedHead | None
    held: bool = Field(description="not let go of, whatever its time")


class EvidenceHead(Answer):
    """How many records there are, the key that signs for them, and the last head."""

    records: int
    fingerprint: str
    public_key: str = Field(description="PEM")
    head: SignedHead | None


class Held(Answer):
    """Whether an incident is held."""

    incident: int
    held: bool

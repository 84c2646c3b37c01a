"""Heads: every hour, and with each bundle, the station signs how far its chain has come. Pure.

A head that has left the house (a bundle, the log that is shipped elsewhere) holds everything before it: nobody can take
out, put in or change a record up to there without being found.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.evidence.chain import canonical, moment
from gateway.evidence.signing import Signer, is_signed

ABOUT = "head"
_SIGNED = ("station", "seq", "link", "at")


def head(station: str, seq: int, link: str, at: datetime, signer: Signer) -> dict[str, Any]:
    """Return a signed head: up to which record, by which link (hex), when, by whose key."""
    told = {"station": station, "seq": seq, "link": link, "at": moment(at)}
    return {**told, "signer": signer.fingerprint, "signature": signer.sign(ABOUT, canonical(told))}


def written(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return a head as it is signed and handed on, from one as it is kept."""
    return {**kept, "at": moment(kept["at"])}


def is_signed_head(public: bytes, told: Mapping[str, Any]) -> bool:
    """Say whether a head is signed by a public key (PEM). Raises `KeyError` for what is no head."""
    return is_signed(public, ABOUT, canonical({name: told[name] for name in _SIGNED}), str(told["signature"]))

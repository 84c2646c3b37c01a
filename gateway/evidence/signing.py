"""Signatures of evidence: Ed25519, by a key that is derived from the installation's data key.

Whoever has to trust a signature knows the key by its fingerprint, which they were told on another way than the bundle.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from gateway.model.errors import BadInput
from gateway.sealing import Sealer

PURPOSE = b"evidence"
#: Points of small order, and the same written otherwise (y, without the sign): a signature by one of these fits many
#: texts. RFC 8032 does not have them refused; Chalkias et al., «Taming the many EdDSAs» (2020), table 6.
_WEAK = frozenset(
    bytes.fromhex(y)
    for y in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)


class Signer:
    """Signs what the station vouches for."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.fingerprint = fingerprint(self.public)

    def sign(self, about: str, content: bytes) -> str:
        """Return the signature (hex) of some bytes as what they are about: of use for nothing else."""
        return self._key.sign(_stated(about, content)).hex()


def signer_of(sealer: Sealer) -> Signer:
    """Return the installation's signer."""
    return Signer(sealer.derived(PURPOSE))


def fingerprint(public: bytes) -> str:
    """Return how people compare a public key (PEM): half of its SHA-256, in groups of four. Raises `BadInput`."""
    told = hashlib.sha256(_key(public).public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:32]
    return ":".join(told[at : at + 4] for at in range(0, len(told), 4))


def is_signed(public: bytes, about: str, content: bytes, signature: str) -> bool:
    """Say whether a signature (hex) is that of a public key (PEM) over these bytes. Raises `BadInput` for no key."""
    try:
        _key(public).verify(bytes.fromhex(signature), _stated(about, content))
    except (InvalidSignature, ValueError):
        return False
    return True


def _key(public: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(public)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadInput("this is no public key in PEM", reason="key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput("this is no Ed25519 key", reason="key")
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    if raw[:-1] + bytes([raw[-1] & 0x7F]) in _WEAK:
        raise BadInput("this key would sign anything: nobody's signature hangs on it", reason="key")
    return key


def _stated(about: str, content: bytes) -> bytes:
    return f"anxin {about}\n".encode() + hashlib.sha256(content).digest()

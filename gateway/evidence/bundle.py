"""The bundle: one incident's evidence as a ZIP that proves itself, written so that every bit of it counts. Pure.

The parts are stored, not compressed, in a fixed order under a fixed date. Behind the last of them stands, as the
archive's comment, a signature over every byte before it: whatever is changed anywhere is found, and the manifest,
signed by itself too, says in which part.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from gateway.evidence.chain import canonical, content_of
from gateway.evidence.signing import Signer

VERSION = 1
MANIFEST, SIGNATURE, KEY = "manifest.json", "manifest.sig", "signer.pem"
CHAIN, HEADS = "chain.jsonl", "heads.jsonl"
#: Where the contents of a record stand: `frozen/12/events.jsonl`.
FROZEN = "frozen"
#: What the signatures are of.
ABOUT_MANIFEST, ABOUT_BUNDLE = "manifest", "bundle"
_SEAL = "anxin-evidence-1"
_DATE = (1980, 1, 1, 0, 0, 0)

MEDIA_TYPES = {"json": "application/json", "jsonl": "application/x-ndjson", "pem": "application/x-pem-file",
               "txt": "text/plain", "html": "text/html", "jpg": "image/jpeg", "png": "image/png", "webp": "image/webp",
               "mp4": "video/mp4", "webm": "audio/webm", "m4a": "audio/mp4", "ogg": "audio/ogg",
               "bin": "application/octet-stream"}  # fmt: skip


def path_of(seq: int, name: str) -> str:
    """Return where a content of a record stands."""
    return f"{FROZEN}/{seq}/{name}"


def packed(told: Mapping[str, Any], parts: Mapping[str, bytes], signer: Signer) -> bytes:
    """Return the bundle. `told` is what the manifest says beside the list of its files; `parts` are those, by path."""
    whole = {**parts, KEY: signer.public}
    files = [_listed(path, content) for path, content in sorted(whole.items())]
    manifest = canonical({"v": VERSION, **told, "files": files})
    whole |= {MANIFEST: manifest, SIGNATURE: signer.sign(ABOUT_MANIFEST, manifest).encode()}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for path, content in sorted(whole.items()):
            entry = zipfile.ZipInfo(path, _DATE)
            entry.create_system, entry.external_attr = 3, 0o100444 << 16
            archive.writestr(entry, content)
        archive.comment = sealed_with(signer.fingerprint, "0" * 128)
    body = held.getvalue()[: -len(archive.comment)]
    return body + sealed_with(signer.fingerprint, signer.sign(ABOUT_BUNDLE, body))


def sealed_with(fingerprint: str, signature: str) -> bytes:
    """Return the comment that seals a bundle: by whose key, and the signature (hex) over all before it."""
    return f"{_SEAL} {fingerprint} {signature}".encode()


def _listed(path: str, content: bytes) -> dict[str, Any]:
    told = content_of(path, MEDIA_TYPES[path.rsplit(".", 1)[-1]], content)._asdict()
    return {"path": told.pop("name"), **told}

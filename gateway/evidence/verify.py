"""Verifying a bundle with nothing but the bundle: no network, no database, no setting.

What is asked, in this order: is every byte as it was sealed; is the manifest the signer's; is every file there and none
besides, with its size, SHA-256 and SM3; does the chain lead from its first record to the signed heads without a gap; is
each record, and each content, the one the chain holds. The first question finds any change; the others say where.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from gateway.evidence import bundle, heads
from gateway.evidence.chain import VERSION, Content, canonical, content_of, digest, linked
from gateway.evidence.signing import fingerprint, is_signed
from gateway.model.errors import BadInput

#: Larger than any bundle we make; a file that says it is more is not read.
LARGEST = 4 * 1024**3


#: When the answer to one of these is no, the rest is not asked.
_DECISIVE = frozenset({"archive", "signer"})
#: Of a file's own header in the archive, before its name.
_HEADER_BYTES = 30


class Finding(NamedTuple):
    """One question and its answer; `where` says what is wrong, or what was found to be right."""

    what: str
    is_right: bool
    where: str


class Report(NamedTuple):
    """What came of verifying a bundle. `manifest` is what it says of itself, {} when that cannot be read."""

    findings: list[Finding]
    manifest: dict[str, Any]
    signer: str

    @property
    def is_whole(self) -> bool:
        """Whether everything is as it was sealed."""
        return all(finding.is_right for finding in self.findings)


class Broken(Exception):
    """A question's answer is no; the sentence says where."""


def verify_file(path: Path, key: str | None = None) -> Report:
    """Verify a bundle in a file; `key` is the fingerprint the signer must have. Raises `BadInput` for no file."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"{path} has more than {LARGEST // 1024**3} GB: it is no bundle of ours", reason="oversized")
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}", reason="file") from error
    return verify(content, key)


def verify(content: bytes, key: str | None = None) -> Report:
    """Verify a bundle; `key` is the fingerprint the signer must have, None: any."""
    held = _Held(content, key)
    findings: list[Finding] = []
    for what, ask in held.questions:
        try:
            findings.append(Finding(what, True, ask()))
        except Broken as broken:
            findings.append(Finding(what, False, str(broken)))
        except Exception as error:  # noqa: BLE001  # whatever the parts were made to say, the answer is no, not a trace
            findings.append(Finding(what, False, f"cannot be read: {error}"))
        if what in _DECISIVE and not findings[-1].is_right:
            break  # what follows would be somebody else's, or nothing
    return Report(findings, held.manifest, held.signer)


class _Held:
    """A bundle while it is verified."""

    def __init__(self, content: bytes, key: str | None) -> None:
        self._content, self._wanted_key = content, key
        self.parts: dict[str, bytes] = {}
        self._hashed: dict[str, Content] = {}
        self.manifest: dict[str, Any] = {}
        self.signer = ""
        self.questions: tuple[tuple[str, Callable[[], str]], ...] = (
            ("archive", self._archive),
            ("seal", self._seal),
            ("signer", self._signer_is_theirs),
            ("manifest", self._manifest),
            ("files", self._files),
            ("chain", self._chain),
            ("records", self._records),
        )

    def _archive(self) -> str:
        try:
            with zipfile.ZipFile(io.BytesIO(self._content)) as archive:
                entries = archive.infolist()
                # Entries that share their bytes would be read again and again.
                if sum(entry.file_size for entry in entries) > len(self._content):
                    raise Broken("its files are larger than it is: we pack nothing")
                begins = 0
                for entry in sorted(entries, key=lambda one: one.header_offset):
                    if entry.header_offset != begins or entry.orig_filename != entry.filename:
                        raise Broken(f"{entry.filename} does not begin where the file before it ends")
                    begins += _HEADER_BYTES + len(entry.filename.encode()) + entry.file_size
                    if entry.compress_type != zipfile.ZIP_STORED:
                        raise Broken(f"{entry.filename} is packed as we pack nothing")
                    if entry.filename in self.parts:
                        raise Broken(f"{entry.filename} is in it twice")
                    self.parts[entry.filename] = archive.read(entry)
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError, RuntimeError) as error:
            raise Broken(f"it cannot be opened: {error}") from error
        return f"{len(self.parts)} files"

    def _public(self) -> bytes:
        return self.parts[bundle.KEY]

    def _seal(self) -> str:
        self.signer = fingerprint(self._public())
        size = len(bundle.sealed_with(self.signer, "0" * 128))
        body, comment = self._content[:-size], self._content[-size:]
        signature = comment[-128:].decode("ascii", "replace")
        if comment != bundle.sealed_with(self.signer, signature) or signature != signature.lower():
            raise Broken("the seal at its end is not one of ours")
        if not is_signed(self._public(), bundle.ABOUT_BUNDLE, body, signature):
            raise Broken("it is not, byte for byte, what was sealed; what follows says where, if it can be told")
        return f"every one of {len(body)} bytes is as it was sealed"

    def _signer_is_theirs(self) -> str:
        self.signer = fingerprint(self._public())
        if self._wanted_key is not None and self._wanted_key.strip().lower() != self.signer:
            raise Broken(f"signed by {self.signer}, not by {self._wanted_key}")
        if self._wanted_key is None:
            return f"{self.signer}; compare it with the fingerprint the station told you"
        return self.signer

    def _manifest(self) -> str:
        kept = self.parts[bundle.MANIFEST]
        if not is_signed(self._public(), bundle.ABOUT_MANIFEST, kept, self.parts[bundle.SIGNATURE].decode()):
            raise Broken(f"{bundle.MANIFEST} is not what {self.signer} signed")
        self.manifest = dict(json.loads(kept))
        if self.manifest["v"] != bundle.VERSION:
            raise Broken(f"it is of version {self.manifest['v']}; take a newer anxin to read it")
        return f"bundle {self.manifest['bundle']} of incident {self.manifest['incident']}"

    def _files(self) -> str:
        listed = {str(told["path"]): told for told in self.manifest["files"]}
        unlisted = set(self.parts) - set(listed) - {bundle.MANIFEST, bundle.SIGNATURE}
        if unlisted:
            raise Broken(f"{min(unlisted)} is not listed")
        for path, told in sorted(listed.items()):
            if path not in self.parts:
                raise Broken(f"{path} is missing")
            found = self._of(path)
            for name in ("size", "sha256", "sm3"):
                if getattr(found, name) != told[name]:
                    raise Broken(f"{path} has been changed: its {name} is {getattr(found, name)}, not {told[name]}")
        return f"{len(listed)} files with the size, SHA-256 and SM3 they had"

    def _lines(self, path: str) -> list[dict[str, Any]]:
        return [dict(json.loads(line)) for line in self.parts[path].splitlines()]

    def _chain(self) -> str:
        told = self.manifest["chain"]
        signed = {int(head["seq"]): head for head in self._lines(bundle.HEADS)}
        before, seq = str(told["before"]), int(told["first"]) - 1
        met: list[int] = []
        for line in self._lines(bundle.CHAIN):
            seq += 1
            if line["seq"] != seq:
                raise Broken(f"record {seq} is missing: {line['seq']} stands in its place")
            of_record = digest(line["record"].encode()) if "record" in line else line["digest"]
            before = linked(before, of_record)
            if seq in signed:
                head = signed[seq]
                if head["link"] != before:
                    raise Broken(f"up to record {seq} the chain is not the one that was signed at {head['at']}")
                if not heads.is_signed_head(self._public(), head) or head["station"] != self.manifest["station"]:
                    raise Broken(f"the head at record {seq} is not signed by {self.signer}")
                met.append(seq)
        if set(met) != set(signed) or not met or met[-1] != seq:
            raise Broken("its end is not signed")
        return f"records {told['first']} to {seq}, without a gap, under {len(met)} signed heads"

    def _records(self) -> str:
        last, count, spoken_for = "", 0, set[str]()
        gone = {(int(one["seq"]), str(one["name"])) for one in self.manifest["gone"]}
        unreadable = {(int(one["seq"]), str(one["name"])) for one in self.manifest["unreadable"]}
        absent = gone | unreadable
        for line in self._lines(bundle.CHAIN):
            if "record" not in line:
                continue
            kept = dict(json.loads(line["record"]))
            seq = line["seq"]
            if canonical(kept) != line["record"].encode() or kept["v"] != VERSION or kept["seq"] != seq:
                raise Broken(f"record {seq} is not written as records are")
            if kept["station"] != self.manifest["station"]:
                raise Broken(f"record {seq} is another station's")
            datetime.fromisoformat(kept["at"])
            if kept["at"] < last:
                raise Broken(f"record {seq} is from before the one it follows")
            last, count = kept["at"], count + 1
            spoken_for |= self._contents(seq, kept["contents"], absent)
        loose = {path for path in self.parts if path.startswith(f"{bundle.FROZEN}/")} - spoken_for
        if loose:
            raise Broken(f"{min(loose)}: no record speaks for it")
        if absent:
            raise Broken(f"it says of {min(absent)[1]} that it is not there, and record {min(absent)[0]} names no such")
        told = f"{count} records with {len(spoken_for)} contents"
        if gone:
            told += f"; {len(gone)} were let go of at the end of their time, as the station says"
        return told + (f"; {len(unreadable)} the station could not open" if unreadable else "")

    def _contents(self, seq: int, contents: list[dict[str, Any]], absent: set[tuple[int, str]]) -> set[str]:
        found: set[str] = set()
        for told in contents:
            name, path = told["name"], bundle.path_of(seq, told["name"])
            if path in found:
                raise Broken(f"record {seq} speaks for {name} twice")
            if (seq, name) in absent:
                absent.discard((seq, name))
                continue
            if path not in self.parts:
                raise Broken(f"{path} is missing, which record {seq} speaks for")
            if self._of(path)._replace(name=name, media_type=told["media_type"])._asdict() != told:
                raise Broken(f"{path} is not what record {seq} froze")
            found.add(path)
        return found

    def _of(self, path: str) -> Content:
        """What a part hashes to: once, however often it is asked for."""
        if path not in self._hashed:
            self._hashed[path] = content_of(path, "", self.parts[path])
        return self._hashed[path]

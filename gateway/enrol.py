"""A device more in a site file that people keep by hand: one line put in, the rest left as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import yaml

from gateway.model.errors import Misconfigured
from gateway.model.registry import Device
from gateway.registering.reading import read_site
from gateway.registering.site import Site

_DEVICES = re.compile(r"^devices:[ \t]*(\[\][ \t]*)?(#.*)?$", re.MULTILINE)
_ITEM = re.compile(r"^([ \t]*)-[ \t]", re.MULTILINE)


def enrol(path: Path, device: Device) -> Site:
    """Add a device to a site file and return what the file says then.

    Raises `Misconfigured`, the file unchanged, when the device cannot be there or the file is written in a way that a
    line cannot be put into.
    """
    before = read_site(path)
    if any(known.id == device.id for known in before.devices):
        raise Misconfigured(f"device {device.id!r} stands in {path} already; `anxin device login` tells its log-in")
    line = _line(device)
    fresh = path.with_name(path.name + ".new")
    try:
        fresh.write_text(_with(path.read_text(encoding="utf-8"), line), encoding="utf-8")
        after = read_site(fresh)
        as_meant = after == msgspec.structs.replace(before, devices=[device, *before.devices])
        if as_meant:
            fresh.chmod(path.stat().st_mode & 0o777)
            fresh.replace(path)  # whole or not at all
    except Misconfigured as error:
        raise Misconfigured(str(error).replace(str(fresh), str(path))) from None
    except OSError as error:
        raise Misconfigured(f"{path} cannot be changed: {error.strerror}") from error
    finally:
        fresh.unlink(missing_ok=True)
    if not as_meant:
        raise Misconfigured(f"{path} has its devices in a form of its own; put this among them yourself: {line}")
    return after


def _line(device: Device) -> str:
    told = {name: value for name, value in msgspec.structs.asdict(device).items() if value not in (None, {})}
    flow = yaml.safe_dump(told, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000)
    return f"- {flow.strip()}"


def _with(text: str, line: str) -> str:
    """Put a line first below `devices:`, as far in as the lines below it."""
    found = _DEVICES.search(text)
    if found is None:
        return f"{text.rstrip()}\n\ndevices:\n  {line}\n"
    item = _ITEM.match(text, found.end() + 1) or _ITEM.search(text, found.end())
    comment = f"  {found.group(2)}" if found.group(2) else ""
    indent = item.group(1) if item is not None and found.group(1) is None else "  "
    return f"{text[: found.start()]}devices:{comment}\n{indent}{line}{text[found.end() :]}"

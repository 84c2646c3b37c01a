"""Look at every part in turn, say each finding as it is made, and whether anything is bad."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from pydantic import SecretStr

from gateway.doctor import broker, channels, database, machine, people
from gateway.doctor.finding import Finding
from gateway.settings import Settings

Look = Callable[[Settings], Iterator[Finding]]
#: What is looked at, in this order. Each gives up within seconds.
PARTS: dict[str, Look] = {
    "this machine": machine.look,
    "the database and the gateway": database.look,
    "the broker": broker.look,
    "the API, the phones and the command room": people.look,
    "the vendors' channels": channels.look,
}


def examine(settings: Settings, say: Callable[[str], None], aside: Callable[[str], None], *, as_json: bool) -> int:
    """Tell each finding and the settings; returns 1 when anything is bad, else 0. Progress goes `aside`."""
    shown = {name: _masked(getattr(settings, name)) for name in type(settings).model_fields}
    findings: list[Finding] = []
    for part, look in PARTS.items():
        aside(f"looking at {part} …")
        for finding in look(settings):
            findings.append(finding)
            if not as_json:
                say(finding.line())
    counts = {level: sum(finding.level == level for finding in findings) for level in ("ok", "WARN", "BAD")}
    if as_json:
        checks = {f.name: {"ok": f.level != "BAD", "level": f.level, "detail": f.detail, "do": f.do} for f in findings}
        told = {"settings": shown, "checks": checks, "counts": counts}
        say(json.dumps(told, ensure_ascii=False, indent=2, default=str))
    else:
        say(", ".join(f"{count} {level}" for level, count in counts.items()))
        say("")
        for name, value in shown.items():
            say(f"{name:24} {value}")
    return 1 if counts["BAD"] else 0


def _masked(value: object) -> object:
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else "(not set)"
    return value

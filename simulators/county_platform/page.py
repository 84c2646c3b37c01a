"""What the platform knows, as JSON and as a page that a person watches."""

from __future__ import annotations

import json
import time
from html import escape
from typing import Any

from simulators.county_platform.platform import CountyPlatform

#: How many alarms and violations the page shows, newest first.
SHOWN = 50
_PAGE = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><title>县级平台 · County platform</title>
<meta http-equiv="refresh" content="2">
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; background: #eef1f4; margin: 1rem }}
table {{ border-collapse: collapse; background: #fff; margin-bottom: 1rem }}
th, td {{ padding: .25rem .6rem; border-bottom: 1px solid #e5e7eb; text-align: left; vertical-align: top }}
th {{ background: #111827; color: #fff; font-weight: 500 }}
pre {{ margin: 0; font-size: 12px; white-space: pre-wrap }}
.bad {{ color: #b91c1c }}
</style></head><body><h1>县级平台 {id} <small>{dialect} · {host}:{port}</small></h1>{tables}</body></html>"""


def state(county: CountyPlatform) -> dict[str, Any]:
    """Return what the platform knows as JSON's kinds; durations in seconds, moments in Beijing time."""
    now = time.monotonic()
    return {
        "id": county.settings.id,
        "dialect": county.settings.dialect,
        "host": county.settings.host,
        "port": county.port,
        "devices": [
            {
                "device": one.device,
                "from": str(one.source),
                "online": one.online,
                "expires_in_s": round(one.expires_at - now, 1),
                "keepalives": one.keepalives,
                "silent_s": round(now - one.last_seen, 1),
            }
            for one in county.registered.values()
        ],
        "catalogue": [
            {"device": device, "id": item.id, "name": item.name, "status": item.status, "fields": dict(item.fields)}
            for device, one in county.catalogues.items()
            for item in dict(one.items).values()
        ],
        "alarms": [
            {
                "device": one.device,
                "channel": one.channel,
                "name": one.name,
                "sn": one.sn,
                "priority": one.priority,
                "method": one.method,
                "type": one.type,
                "at": one.at,
                "received_at": one.received_at.isoformat(timespec="milliseconds"),
                "delay_s": one.delay_s,
                "description": one.description,
                "stored": one.stored,
                "carried": list(one.carried),
            }
            for one in county.alarms
        ],
        "subscriptions": [
            {"device": one.device, "kind": one.kind, "event": one.event, "state": one.state, "notifies": one.notifies}
            for one in county.subscriptions
        ],
        "exchanges": [
            {
                "kind": one.kind,
                "target": one.target,
                "status": one.status,
                "answers": len(one.answers),
                "due": bool(one.wants_answer) and not one.done,
                "retransmissions": one.retransmissions,
            }
            for one in county.exchanges
        ],
        "violations": [
            {
                "rule": one.rule,
                "text": one.text,
                "at": one.at.isoformat(timespec="milliseconds"),
                "message": one.message,
            }
            for one in county.violations
        ],
        "retransmissions": county.retransmissions,
    }


def as_json(county: CountyPlatform) -> bytes:
    """Return the state as JSON."""
    return json.dumps(state(county), ensure_ascii=False, indent=1).encode()


def page(county: CountyPlatform) -> bytes:
    """Draw the state as HTML that reloads itself every two seconds."""
    told = state(county)
    tables = [
        _table("设备 Devices", ("device", "from", "online", "expires_in_s", "keepalives", "silent_s"), told["devices"]),
        _table(
            "报警 Alarms",
            ("received_at", "delay_s", "priority", "method", "type", "name", "description", "at", "stored", "carried"),
            told["alarms"][: -SHOWN - 1 : -1],
        ),
        _table("目录 Catalogue", ("id", "name", "status", "device"), told["catalogue"]),
        _table("订阅 Subscriptions", ("kind", "event", "state", "notifies", "device"), told["subscriptions"]),
        _table("违规 Violations", ("at", "rule", "text", "message"), told["violations"][: -SHOWN - 1 : -1]),
    ]
    shown = {name: escape(str(told[name])) for name in ("id", "dialect", "host", "port")}
    return _PAGE.format(tables="".join(tables), **shown).encode()


def _table(title: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(_cell(name, row[name]) for name in columns)}</tr>" for row in rows)
    return f"<h2>{title} ({len(rows)})</h2><table><tr>{head}</tr>{body}</table>"


def _cell(name: str, value: Any) -> str:
    shown = escape(", ".join(value) if isinstance(value, list) else str(value))
    if name == "message":
        return f"<td><pre>{shown}</pre></td>"
    return f'<td class="bad">{shown}</td>' if value is False or name == "rule" else f"<td>{shown}</td>"

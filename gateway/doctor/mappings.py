"""The mappings: whether the files can be read, whether the gateway that runs reads their topics, what came last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from connectors.decoders import load_mappings
from gateway.doctor.finding import Finding, bad, warn, well
from gateway.model.errors import Misconfigured
from gateway.settings import Settings
from gateway.store import accounts


def look(connection: Connection[TupleRow], settings: Settings) -> Iterator[Finding]:
    """Look at the mappings of ANXIN_MAPPINGS."""
    try:
        wanted = {mapping.name for mapping in load_mappings(settings.mappings)}
    except Misconfigured as error:
        yield bad("mappings", str(error), "mend it, or the gateway does not start; `anxin mapping check` says more")
        return
    told = accounts.health(connection, settings.station).get("gateway")
    facts: dict[str, Any] = told[1] if told is not None else {}
    loaded: dict[str, dict[str, Any]] = facts.get("mappings", {})
    denied = {topic for source in facts.get("sources", {}).values() for topic in source.get("denied", [])}
    if told is not None and wanted != loaded.keys():
        yield warn(
            "mappings",
            f"the gateway runs with {', '.join(sorted(loaded)) or 'none'}, ANXIN_MAPPINGS means "
            f"{', '.join(sorted(wanted)) or 'none'}",
            "restart the gateway, and look with the settings it is given",
        )
    elif denied:
        yield bad(
            "mappings",
            f"the broker does not let the gateway read {', '.join(sorted(denied))}",
            "let the account of ANXIN_MQTT_URL read these topics (docs/mqtt.md, Rights)",
        )
    else:
        yield well("mappings", "; ".join(_line(name, loaded.get(name, {})) for name in sorted(wanted)) or "none")


def _line(name: str, facts: dict[str, Any]) -> str:
    if not facts.get("messages"):
        return f"{name}: no message since the gateway started"
    return f"{name}: {facts['messages']} messages, the last on {facts['topic']!r} became {facts['became']}"

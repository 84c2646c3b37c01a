"""`anxin mapping`: mappings of other vendors' messages checked, tried on one message, and listened with."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from connectors.decoders import Decoders, load_mappings
from connectors.mapping.decode import Mapping, mapping_at
from gateway.clock import SystemClock
from gateway.doctor.waiting import REMEDIES
from gateway.model.errors import BadInput, Misconfigured
from gateway.model.ports import Delivery
from gateway.settings import read_settings, require

FILE = click.Path(path_type=Path)
#: How long `listen` listens unless told: a shift.
LISTEN_S = 8 * 3600.0


@click.group()
def mapping() -> None:
    """Mappings of other vendors' messages: check the files, try one on a message, listen to the broker with it."""


@mapping.command("check")
@click.argument("paths", metavar="FILES", nargs=-1, required=True, type=FILE)
def mapping_check(paths: tuple[Path, ...]) -> None:
    """Read FILES (or folders, or frigate, onvif, zigbee2mqtt) as the gateway would, and say what they read."""
    for each in load_mappings(paths):
        click.echo(f"{each.name}: reads {', '.join(each.filters)}{_publisher(each)}")


@mapping.command("try")
@click.argument("path", metavar="FILE", type=FILE)
@click.argument("message", required=False, default="-")
@click.option("--topic", help="The topic it came on; needed unless the mapping reads a single one.")
@click.option("--retained", is_flag=True, help="As the broker's copy, read when one begins to listen.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def mapping_try(path: Path, message: str, topic: str | None, retained: bool, as_json: bool) -> None:
    """Say what a MESSAGE becomes by the mapping FILE, or why it becomes nothing. Exit code 1 for a dead letter.

    MESSAGE is read from standard input when it is - or missing.
    """
    found = mapping_at(path)
    payload = sys.stdin.buffer.read() if message == "-" else message.encode()
    delivery = Delivery("try", topic or _only_topic(found), payload, SystemClock().now(), retained=retained)
    told = _what_becomes(found, delivery)
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else _as_text(told))
    sys.exit(1 if told["reason"] else 0)


@mapping.command("listen")
@click.argument("path", metavar="FILE", type=FILE)
@click.option("--seconds", type=click.FloatRange(min=0.1), default=LISTEN_S, show_default=True, help="For how long.")
@click.option("--json", "as_json", is_flag=True, help="One object a line, for scripts.")
def mapping_listen(path: Path, seconds: float, as_json: bool) -> None:
    """Show what is said on the topics of the mapping FILE right now, and what each message becomes. Stores nothing.

    Uses the log-in of ANXIN_MQTT_URL, which must be allowed to read those topics. Ends with Ctrl-C.
    """
    from connectors.mqtt import read_url, visit  # noqa: PLC0415  # keep `anxin --help` quick

    settings = read_settings()
    require(settings, "mqtt_url")
    found = mapping_at(path)

    def show(topic: str, payload: bytes, retained: bool) -> None:
        delivery = Delivery("listen", topic, payload, SystemClock().now(), retained=retained)
        told = _what_becomes(found, delivery)
        if as_json:
            click.echo(json.dumps({"topic": topic, "retained": retained, **told}, ensure_ascii=False))
        else:
            click.echo(f"{topic}{' (retained)' if retained else ''}  {payload[:200].decode('utf-8', 'replace')}")
            click.echo(_as_text(told))

    broker = read_url(settings.mqtt, str(settings.mqtt_ca_file) if settings.mqtt_ca_file else None)
    click.echo(f"listening on {', '.join(found.filters)}", err=True)
    met = visit(broker, found.filters, hear=1, limit_s=seconds, qos=0, each=show)
    if met.refused is not None:
        raise Misconfigured(
            f"{broker.host}:{broker.port}: {met.refused}; give the log-in the right to read (docs/mqtt.md, Rights)"
        )


def _what_becomes(found: Mapping, delivery: Delivery) -> dict[str, Any]:
    """Return the reports of a message, or the reason and detail of its dead letter."""
    if found.match(delivery.topic) is None:
        detail = f"{delivery.topic!r} is no topic of this mapping; it reads {', '.join(found.filters)}"
        return {"reports": [], "reason": "unknown_topic", "detail": detail}
    try:
        reports = Decoders(read_settings().station, [found])(delivery)
    except BadInput as error:
        return {"reports": [], "reason": error.reason, "detail": str(error)}
    told = [
        {
            "device": report.device,
            "kind": report.kind or None,
            "ts": report.ts.isoformat() if report.timed else None,
            "data": report.data,
            "id": report.id,
            "state": report.memory.value if report.memory is not None else None,
        }
        for report in reports
    ]
    return {"reports": told, "reason": None, "detail": None}


def _as_text(told: dict[str, Any]) -> str:
    if told["reason"]:
        do = REMEDIES.get(told["reason"], "see docs/mqtt.md")
        return f"  dead letter  {told['reason']}: {told['detail']}\n  do           {do}"
    if not told["reports"]:
        return "  nothing: ignored, or a copy of the broker's"
    return "\n".join(map(_line, told["reports"]))


def _line(report: dict[str, Any]) -> str:
    when = f"at {report['ts']}" if report["ts"] else "at the time of receipt"
    if report["kind"] is None:
        return f"  state        {report['device']}: {report['state']}, which is no event"
    data = json.dumps(report["data"], ensure_ascii=False)
    news = f", when the state was not {report['state']} before" if report["state"] is not None else ""
    return f"  event        {report['device']} {report['kind']} {data} {when}{news}"


def _only_topic(found: Mapping) -> str:
    if len(found.filters) != 1 or {"+", "#"} & set(found.filters[0].split("/")):
        raise click.UsageError(f"say --topic: the mapping reads {', '.join(found.filters)}")
    return found.filters[0]


def _publisher(found: Mapping) -> str:
    return f"; {found.publisher} may say and hear {', '.join(found.roots)}" if found.publisher is not None else ""

"""What people read in a bundle: a report with the recipient's watermark, and how to verify the rest. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from gateway.evidence import bundle
from gateway.evidence.chain import moment
from gateway.store.evidence import Kept

_HERE = Path(__file__).parent
#: The watermark is written so often, over every page.
_TIMES = 60
_WORDS = ("headline", "text", "reporter", "reason", "note")


def report(
    told: Mapping[str, Any], whole: Mapping[str, Any], records: Sequence[Kept], parts: Mapping[str, bytes]
) -> bytes:
    """Return the report as one page of HTML that asks for nothing outside of the bundle.

    `told` is what the bundle says of itself, `whole` the incident as `gateway.incidents.view.whole` has it, `parts`
    the bundle's files by path.
    """
    mark = f"{told['recipient']} {_day(told['at'])} {told['bundle']} " * _TIMES
    steps = [[line["at"], line["actor"], line["act"], _words(line)] for line in whole["timeline"]]
    page = Template((_HERE / "report.html").read_text(encoding="utf-8")).substitute(
        {name: _cell(value) for name, value in told.items()},
        mark=_cell(mark),
        steps="\n".join(_row(*(_cell(value) for value in step)) for step in steps),
        kept="\n".join(_record(one, parts) for one in records),
    )
    return page.encode()


def readme(told: Mapping[str, Any], fingerprint: str) -> bytes:
    """Return how to verify the bundle, with our program and without."""
    text = Template((_HERE / "readme.txt").read_text(encoding="utf-8"))
    return text.substitute(told, fingerprint=fingerprint, last_day=_day(told["valid_until"])).encode()


def _record(one: Kept, parts: Mapping[str, bytes]) -> str:
    record = json.loads(one.record)
    contents = "".join(_content(one.seq, content, parts) for content in record["contents"])
    return _row(str(one.seq), _cell(record["at"]), _cell(record["kind"]), contents)


def _content(seq: int, content: Mapping[str, Any], parts: Mapping[str, bytes]) -> str:
    path, name = bundle.path_of(seq, content["name"]), _cell(content["name"])
    if path not in parts:
        return (
            f"<p>{name}：已按保存期限删除或无法打开，见 manifest.json let go of, or unreadable: see manifest.json</p>"
        )
    if content["media_type"].startswith("image/"):
        return f'<p><img src="{quote(path)}" alt="{name}"></p>'
    if content["media_type"].startswith("video/"):
        return f'<p><video src="{quote(path)}" controls preload="metadata"></video></p>'
    size, sha256 = content["size"], _cell(content["sha256"])
    return f'<p><a href="{quote(path)}">{name}</a> {size} B<br><code>{sha256}</code></p>'


def _words(line: Mapping[str, Any]) -> str:
    return " · ".join(str(line[name]) for name in _WORDS if line.get(name))


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _cell(value: object) -> str:
    return escape(moment(value) if isinstance(value, datetime) else str(value))


def _day(at: datetime) -> str:
    return at.date().isoformat()

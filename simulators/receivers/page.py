"""The page a person watches: every phone with its messages, newest on top."""

from collections import defaultdict
from collections.abc import Iterable
from html import escape
from typing import Any

from simulators.receivers.journal import Entry

SHOWN_PER_PHONE = 30

_PAGE = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><title>手机 · Phones</title>
<meta http-equiv="refresh" content="2">
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; background: #eef1f4; margin: 1rem; display: flex; gap: 1rem;
        flex-wrap: wrap; align-items: flex-start }}
section {{ background: #111827; border-radius: 1.5rem; padding: 1rem; width: 20rem }}
h2 {{ color: #fff; font-size: 1rem; margin: 0 0 .6rem; text-align: center }}
article {{ background: #fff; border-radius: .7rem; padding: .6rem .8rem; margin-top: .5rem;
           border-left: .4rem solid #9ca3af }}
.P1 {{ border-color: #dc2626 }} .P2 {{ border-color: #f59e0b }} .P3 {{ border-color: #2563eb }}
b {{ display: block }} small {{ color: #6b7280 }}
</style></head><body>{phones}</body></html>"""


def page(entries: Iterable[Entry]) -> str:
    """Draw the phones as HTML that reloads itself every two seconds; `entries` come oldest first."""
    phones: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        phones[str(entry["to"])].append(entry)
    drawn = "".join(_phone(to, phones[to]) for to in sorted(phones))
    return _PAGE.format(phones=drawn or "<p>还没有消息。No messages yet.</p>")


def _phone(to: str, entries: list[Entry]) -> str:
    newest_first = entries[: -SHOWN_PER_PHONE - 1 : -1]
    return f"<section><h2>{escape(to)} ({len(entries)})</h2>{''.join(map(_bubble, newest_first))}</section>"


def _bubble(entry: Entry) -> str:
    message, priority = entry["message"], escape(str(entry["priority"]))
    drill = "【演练】" if message.get("drill") else ""
    repeats = f" · 重复 {entry['repeats']}" if entry["repeats"] else ""
    incident = entry["incident"]
    about = f" · 警情 {escape(str(incident))} · 第 {escape(str(entry['rung']))} 级" if incident is not None else ""
    return (
        f'<article class="{priority}"><b>{drill}{_both(message.get("title"))}</b>{_both(message.get("body"))}'
        f"<br><small>{escape(entry['received_at'])} · {priority}{about}{repeats}</small></article>"
    )


def _both(text: Any) -> str:
    """Write a text in Chinese with the English below it, or whatever came instead of `{"zh", "en"}`."""
    if not isinstance(text, dict):
        return escape(str(text or ""))
    return f"{escape(str(text.get('zh', '')))}<br><small>{escape(str(text.get('en', '')))}</small>"

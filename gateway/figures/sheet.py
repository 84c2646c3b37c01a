"""A statistic as a table, and a table as CSV that a spreadsheet opens as it is: Chinese too, and no formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

Language = Literal["zh", "en"]
#: Without it Excel takes UTF-8 for the local code page.
BOM = "\ufeff"
#: A cell that begins so is a formula, or becomes one once a spreadsheet has trimmed it; the wide ones count in Asia.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Column(msgspec.Struct, frozen=True):
    """A column: the key its rows have it under, and what it is called."""

    key: str
    zh: str
    en: str

    def called(self, language: Language) -> str:
        """The heading in a language."""
        return self.zh if language == "zh" else self.en


class Sheet(msgspec.Struct, frozen=True):
    """Rows by the keys of the columns. Values are texts, numbers, moments (UTC), texts by language, or None."""

    columns: Sequence[Column]
    rows: Iterable[Mapping[str, Any]]


def to_csv(sheet: Sheet, language: Language, zone: ZoneInfo) -> str:
    """Return a table as CSV (RFC 4180) with a byte order mark; moments are written in the station's time zone."""
    text = io.StringIO()
    text.write(BOM)
    writer = csv.writer(text)
    writer.writerow(cell(column.called(language), language, zone) for column in sheet.columns)
    for row in sheet.rows:
        writer.writerow(cell(row.get(column.key), language, zone) for column in sheet.columns)
    return text.getvalue()


def cell(value: Any, language: Language, zone: ZoneInfo) -> str | int | float:
    """Return a value as a cell. A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return {"zh": "是" if value else "否", "en": "yes" if value else "no"}[language]
    if isinstance(value, int | float):
        return int(value) if value == int(value) else value
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Mapping):
        value = value.get(language, "")
    text = str(value)
    return f"'{text}" if text.lstrip(" \u3000\u00a0").startswith(RISKY) or text.startswith(RISKY) else text

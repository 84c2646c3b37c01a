"""A spreadsheet's bytes made rows of texts: xlsx, or csv in UTF-8, UTF-16 or GB18030. Bounded, and nothing is computed.

A sheet comes from anybody's desk. A zip that unpacks to gigabytes, XML entities, formulas and rows without end are
refused with a sentence; whatever the bytes are, the only error is `BadInput`.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any

import msgspec
import openpyxl
from openpyxl.utils import range_boundaries

from gateway.model.errors import BadInput

MOST_BYTES = 5_000_000
#: What an xlsx file may unpack to, and of how many parts it may be made.
MOST_UNPACKED = 60_000_000
MOST_PARTS = 500
MOST_ROWS, MOST_COLUMNS = 10_000, 60
LONGEST_CELL = 1000
_XLSX, _XLS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
#: What a cell stands for that must not be taken for what it shows.
FORMULA, ERROR = "\0formula", "\0error"


class Sheet(msgspec.Struct, frozen=True):
    """Rows of texts, empty cells ''. `numbers` are the rows' numbers as the program shows them, from 1.

    `merged` are the rows that share a cell with another row.
    """

    rows: list[list[str]]
    numbers: list[int]
    merged: frozenset[int] = frozenset()


def read_sheet(content: bytes) -> Sheet:
    """Return the cells of the first sheet. Raises `BadInput` with what to do."""
    if len(content) > MOST_BYTES:
        raise _bad(f"the sheet has more than {MOST_BYTES // 1_000_000} MB; divide it")
    if content.startswith(_XLS):
        raise _bad("this is an old .xls file or a protected one; save it as .xlsx or .csv without a password")
    sheet = _xlsx(content) if content.startswith(_XLSX) else _csv(content)
    if not sheet.rows:
        raise _bad("the sheet is empty; the first row has the columns' names (see --template)")
    return sheet


def _bad(told: str) -> BadInput:
    return BadInput(told, reason="sheet")


def _bounded(rows: Iterable[tuple[int, list[str]]], merged: frozenset[int] = frozenset()) -> Sheet:
    """Keep what says something."""
    kept: list[list[str]] = []
    numbers: list[int] = []
    for number, row in rows:
        if not any(row):
            continue
        if len(kept) >= MOST_ROWS:
            raise _bad(f"the sheet has more than {MOST_ROWS} rows; divide it")
        kept.append(row)
        numbers.append(number)
    return Sheet(kept, numbers, merged)


# ── xlsx ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _xlsx(content: bytes) -> Sheet:
    try:
        _must_be_harmless(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about extensions it does not know: nothing of ours
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
            try:
                return _first_sheet(book)
            finally:
                book.close()
    except BadInput:
        raise
    except Exception as error:  # openpyxl raises whatever comes to it
        raise _bad(
            f"the xlsx file cannot be read ({type(error).__name__}); open it, save it anew, or save it as .csv"
        ) from error


def _must_be_harmless(content: bytes) -> None:
    """Unpack every part within bounds: what the archive says of its own sizes may be a lie."""
    left = MOST_UNPACKED
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS:
            raise _bad(f"the xlsx file is made of more than {MOST_PARTS} parts; save it anew, or as .csv")
        for part in parts:
            if part.flag_bits & 1:
                raise _bad("the xlsx file is protected by a password; save it without one")
            with archive.open(part) as packed:
                unpacked = packed.read(left + 1)
            left -= len(unpacked)
            if left < 0:
                raise _bad("the xlsx file unpacks to far more than a list of people or devices; save it as .csv")
            if part.filename.endswith((".xml", ".rels", ".vml")) and b"<!" in unpacked.replace(b"\0", b"").replace(
                b"<!--", b""
            ):
                raise _bad("the xlsx file declares entities, which no spreadsheet program does; save it anew")


def _first_sheet(book: Any) -> Sheet:
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not visible:
        raise _bad("the xlsx file has no visible sheet")
    sheet = visible[0]
    sheet.reset_dimensions()  # what it says of its own size may be a lie, too
    with book._archive.open(sheet._worksheet_path) as part:  # noqa: SLF001  # merged cells are not told otherwise
        merged = frozenset(_merged_rows(part.read()))
    # One row more than there may be, and room for titles and empty rows between.
    rows = sheet.iter_rows(max_row=2 * MOST_ROWS, max_col=MOST_COLUMNS)
    return _bounded(((number, [_text(cell) for cell in row]) for number, row in enumerate(rows, 1)), merged)


def _merged_rows(part: bytes) -> Iterator[int]:
    for reference in _MERGED.findall(part)[:MOST_ROWS]:
        _, first, _, last = range_boundaries(reference.decode("ascii"))
        if first and last and last > first:
            yield from range(first, min(last, first + 2 * MOST_ROWS) + 1)


def _text(cell: Any) -> str:  # noqa: PLR0911  # one for each sort of cell
    """Return what a cell says, as it would be written: days as 2026-12-01, yes as 是."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return FORMULA
    if cell.data_type == "e":
        return ERROR
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    return _plain(str(value))


def _plain(told: str) -> str:
    text = told.replace("\u00a0", " ").replace("\u3000", " ").replace("\0", "").strip()
    return text[: LONGEST_CELL + 1]


# ── csv ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _csv(content: bytes) -> Sheet:
    text = _decoded(content)
    if "\0" in text:
        raise _bad("this is no csv file: it has bytes that no text has")
    head = text[:10_000].partition("\n")[0]
    delimiter = max((",", "\t", ";"), key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return _bounded(
            (number, [_from_csv(cell) for cell in row[:MOST_COLUMNS]]) for number, row in enumerate(reader, 1)
        )
    except csv.Error as error:
        raise _bad(f"line {reader.line_num} cannot be read ({error}); save the sheet anew as csv") from error


def _from_csv(told: str) -> str:
    text = _plain(told)
    return FORMULA if text.startswith("=") else text


def _decoded(content: bytes) -> str:
    """Return the text: by its mark, else UTF-8, else GB18030, which is what Excel writes in China."""
    try:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise _bad("the text is neither UTF-8 nor GB18030; save the sheet as «CSV UTF-8»") from error

"""What came of a sheet, for people: as text, as JSON, and as the same sheet back with a column of what is wrong."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec
import openpyxl
from openpyxl.cell import WriteOnlyCell

from gateway.registering.sheet_cells import ERROR, FORMULA
from gateway.registering.sheet_columns import Kind, columns
from gateway.registering.sheets import Outcome, Reading, RowProblem

#: The column that is added to the sheet that goes back.
ADDED = "问题/problem"
#: What a spreadsheet program would compute instead of show.
_COMPUTED = ("=", "+", "-", "@", "\t", "\r")


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return `{"kind", "rows", "good", "added", "changed", "written", "ignored", "problems": [{row, column, …}]}`."""
    reading = outcome.reading
    return {
        "kind": reading.kind,
        "rows": _rows(reading),
        "good": outcome.good,
        "added": outcome.added,
        "changed": outcome.changed,
        "written": outcome.written,
        "ignored": reading.ignored,
        "problems": msgspec.to_builtins(_sorted(reading)),
    }


def as_text(outcome: Outcome, language: str = "zh") -> str:
    """Return the problems row by row, and a last line that sums up."""
    zh = language == "zh"
    lines = [
        f"第 {one.row} 行 {one.column.partition('/')[0] or '整行'}：{one.wrong['zh']}；应写：{one.instead['zh']}"
        if zh
        else f"row {one.row}, {one.column.rpartition('/')[2] or 'as a whole'}: {one.wrong['en']}; "
        f"write {one.instead['en']}"
        for one in _sorted(outcome.reading)
    ]
    if outcome.reading.ignored:
        told = ", ".join(outcome.reading.ignored)
        lines.append(f"未读取的列：{told}" if zh else f"columns nothing is made of: {told}")
    rows, bad = _rows(outcome.reading), len(outcome.reading.bad())
    lines.append(
        f"{rows} 行，{bad} 行有问题；新增 {outcome.added}，更改 {outcome.changed}；"
        f"{'已写入' if outcome.written else '未写入'}"
        if zh
        else f"{rows} rows, {bad} with problems; {outcome.added} to add, {outcome.changed} to change; "
        f"{'written' if outcome.written else 'nothing was written'}"
    )
    return "\n".join(lines)


def _rows(reading: Reading) -> int:
    return len({row.number for row in reading.rows} | reading.bad())


def _sorted(reading: Reading) -> list[RowProblem]:
    return sorted(reading.problems, key=lambda one: (one.row, one.column))


def _with_problems(reading: Reading) -> Iterator[list[str]]:
    told: dict[int, list[str]] = defaultdict(list)
    for one in _sorted(reading):
        where = f"{one.column.partition('/')[0]}：" if one.column else ""
        told[one.row].append(f"{where}{one.wrong['zh']}；应写：{one.instead['zh']}")
    wide = max(len(row) for row in reading.sheet.rows)
    for position, (cells, number) in enumerate(zip(reading.sheet.rows, reading.sheet.numbers, strict=True)):
        shown = [{FORMULA: "（公式）", ERROR: "（错误值）"}.get(cell, cell) for cell in cells]
        shown += [""] * (wide - len(shown))
        yield [*shown, ADDED if position == reading.header else " | ".join(told.get(number, ()))]


def as_csv(reading: Reading) -> bytes:
    """Return the sheet with what is wrong, as CSV in UTF-8 that Excel opens; nothing in it is computed."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    for row in _with_problems(reading):
        writer.writerow([f"'{cell}" if cell.startswith(_COMPUTED) and not _is_number(cell) else cell for cell in row])
    return written.getvalue().encode("utf-8-sig")


def _is_number(cell: str) -> bool:
    return cell.lstrip("+-").replace(" ", "").replace(".", "", 1).isdecimal() or cell == "-"


def as_xlsx(reading: Reading) -> bytes:
    """Return the sheet with what is wrong, as xlsx; every cell is text."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(reading.kind)
    for row in _with_problems(reading):
        sheet.append([_text_cell(sheet, told) for told in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _text_cell(sheet: Any, told: str) -> Any:
    # What XML has no room for is no text anybody typed.
    cell = WriteOnlyCell(sheet, "".join(letter for letter in told if letter >= " " or letter in "\t\n"))
    cell.data_type = "s"
    return cell


def template(kind: Kind) -> bytes:
    """Return an empty sheet of a kind: the columns' names and a row of examples that is not read."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    listed = columns(kind)
    writer.writerow([f"{column.zh[0]}{'*' if column.needed else ''}" for column in listed])
    writer.writerow([("# " if number == 0 else "") + column.example for number, column in enumerate(listed)])
    return written.getvalue().encode("utf-8-sig")

"""Residents and devices from a spreadsheet: every row checked and told of, all of them written or none."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.errors import BadInput, Misconfigured
from gateway.model.registry import Device
from gateway.registering.complaints import complaints
from gateway.registering.present import present
from gateway.registering.sheet_cells import ERROR, FORMULA, LONGEST_CELL, Sheet
from gateway.registering.sheet_columns import (
    CARE,
    Around,
    CellProblem,
    Column,
    Kind,
    Text,
    around,
    by_header,
    columns,
    plain,
)
from gateway.registering.site import Site, SitePerson
from gateway.registering.writing import Plan, plan, write
from gateway.sealing import Sealer
from gateway.store import registry_edit

#: Titles above the row of names; a sheet whose names come later is none of ours.
MOST_TITLES = 10


class RowProblem(msgspec.Struct, frozen=True):
    """What is wrong with one row, in which column ('' when it is the row as a whole), and what to write instead."""

    row: int
    column: str
    wrong: Text
    instead: Text


class Row(msgspec.Struct, frozen=True):
    """One row as far as it could be read: its number and its fields by name."""

    number: int
    fields: dict[str, Any]


class Reading(msgspec.Struct):
    """What a sheet says. `header` is the position of the row of names; `ignored` are columns nothing is made of."""

    kind: Kind
    sheet: Sheet
    header: int
    rows: list[Row]
    problems: list[RowProblem]
    ignored: list[str]

    def bad(self) -> set[int]:
        """The numbers of the rows that something is wrong with."""
        return {problem.row for problem in self.problems}


class Outcome(msgspec.Struct):
    """What came of a sheet: how many rows it has, how many were good, what was added and changed; was it written."""

    reading: Reading
    good: int
    added: int = 0
    changed: int = 0
    written: bool = False


def read_rows(kind: Kind, sheet: Sheet, known: Around) -> Reading:
    """Return what a sheet says, with all that is wrong in its cells. Raises `BadInput` without a row of names."""
    header, found, ignored = _header(kind, sheet)
    reading = Reading(kind, sheet, header, [], [], ignored)
    seen: dict[str, int] = {}
    for cells, number in zip(sheet.rows[header + 1 :], sheet.numbers[header + 1 :], strict=True):
        if cells[0].startswith("#"):
            continue  # the template's example, somebody's remark
        if number in sheet.merged:
            reading.problems.append(
                _problem(number, "", "与上下行合并了单元格", "shares a cell with another row", *_UNMERGE)
            )
            continue
        before = len(reading.problems)
        fields = _fields(cells, found, number, known, reading.problems)
        name = fields.get("id")
        if name is None:
            if len(reading.problems) == before:
                reading.problems.append(_problem(number, "编号/id", "没有编号", "has no id", *_NAME_IT))
        elif name in seen:
            at = seen[name]
            reading.problems.append(
                _problem(
                    number,
                    "编号/id",
                    f"与第 {at} 行重复",
                    f"the same as row {at}",
                    "每个编号一行",
                    "one row for each id",
                )
            )
        else:
            seen[name] = number
            reading.rows.append(Row(number, fields))
    return reading


_UNMERGE = ("取消合并，每行填全", "unmerge the cells and fill in every row")
_NAME_IT = ("写一个编号，如 p-101", "an id like p-101")


def _problem(row: int, column: str, zh: str, en: str, zh_instead: str, en_instead: str) -> RowProblem:
    return RowProblem(row, column, {"zh": zh, "en": en}, {"zh": zh_instead, "en": en_instead})


def _header(kind: Kind, sheet: Sheet) -> tuple[int, dict[int, Column], list[str]]:
    """Return where the row of names is, the columns by position, and the names nothing is made of."""
    names = by_header(kind)
    for position, cells in enumerate(sheet.rows[:MOST_TITLES]):
        found = {at: names[plain(cell)] for at, cell in enumerate(cells) if plain(cell) in names}
        if "id" not in {column.field for column in found.values()}:
            continue
        fields = [column.field for column in found.values()]
        twice = sorted({field for field in fields if fields.count(field) > 1})
        if twice:
            raise BadInput(f"two columns are called {', '.join(twice)}; take one of each out", reason="sheet")
        if sheet.numbers[position] in sheet.merged:
            raise BadInput("the row with the columns' names shares cells with another; unmerge it", reason="sheet")
        return position, found, [cell for at, cell in enumerate(cells) if cell and at not in found]
    wanted = ", ".join(f"{column.zh[0]}/{column.en[0]}" for column in columns(kind))
    raise BadInput(f"no row has the columns' names; {kind} have {wanted}; see --template", reason="sheet")


def _fields(
    cells: list[str], found: dict[int, Column], number: int, known: Around, problems: list[RowProblem]
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for at, column in found.items():
        cell = cells[at] if at < len(cells) else ""
        if not cell:
            continue
        try:
            fields[column.field] = column.read(_harmless(cell), known)
        except CellProblem as problem:
            named = f"{column.zh[0]}/{column.en[0]}"
            problems.append(RowProblem(number, named, problem.wrong, problem.instead))
    return fields


def _harmless(cell: str) -> str:
    value = {"zh": "写值本身", "en": "the value itself"}
    if cell == FORMULA:
        raise CellProblem({"zh": "是公式", "en": "is a formula"}, value)
    if cell == ERROR:
        raise CellProblem({"zh": "是错误值", "en": "is an error value"}, value)
    if len(cell) > LONGEST_CELL:
        raise CellProblem({"zh": f"超过 {LONGEST_CELL} 字", "en": f"has more than {LONGEST_CELL} characters"}, value)
    return cell


# ── into the registry ────────────────────────────────────────────────────────────────────────────────────────────────


def import_rows(  # one argument per question
    connection: Connection[TupleRow],
    station: str,
    kind: Kind,
    sheet: Sheet,
    sealer: Sealer,
    *,
    good_rows: bool = False,
    dry_run: bool = False,
) -> Outcome:
    """Write what a sheet says into a station's registry, within the caller's transaction.

    All rows or none; with `good_rows` those that nothing is wrong with. With `dry_run` nothing is written. Raises
    `BadInput` when the sheet as a whole cannot be read, `Misconfigured` without a station.
    """
    registry_edit.hold(connection, station)
    now = present(connection, station, sealer)
    if now is None:
        raise Misconfigured(f"there is no station {station!r} in the database; run `anxin import SITE.yaml`")
    reading = read_rows(kind, sheet, _around(now, kind, sheet))
    planned = _plan_of_good_rows(connection, now, reading, sealer)
    good = len([row for row in reading.rows if row.number not in reading.bad()])
    outcome = Outcome(reading, good)
    if reading.problems and not good_rows:
        return outcome
    outcome.added = sum(change.what == "added" for change in planned.difference.changes)
    outcome.changed = sum(change.what == "changed" for change in planned.difference.changes)
    if not dry_run:
        write(connection, planned, sealer)
        outcome.written = not planned.empty
    return outcome


def _around(now: Site, kind: Kind, sheet: Sheet) -> Around:
    """What cells may refer to; a sheet's own devices may be each other's gateways."""
    known = around(now)
    if kind == "persons":
        return known
    header, found, _ = _header(kind, sheet)
    at = next(position for position, column in found.items() if column.field == "id")
    own = {cells[at]: cells[at] for cells in sheet.rows[header + 1 :] if at < len(cells) and cells[at]}
    return msgspec.structs.replace(known, devices={**own, **known.devices})


def _plan_of_good_rows(connection: Connection[TupleRow], now: Site, reading: Reading, sealer: Sealer) -> Plan:
    """Return the plan with the rows that nothing is wrong with; what is wrong with the others is told."""
    of = "person" if reading.kind == "persons" else "device"
    before = set(complaints(now))
    while True:
        site = _merged(now, reading)
        fresh = [told for told in complaints(site) if told not in before]
        bad = reading.bad()
        at = {row.fields["id"]: row.number for row in reading.rows if row.number not in bad}
        blamed = [(at[name], told) for told in fresh if (name := _named_in(told, of)) in at]
        if not blamed:
            if fresh:
                raise BadInput("; ".join(fresh[:10]), reason="sheet")
            return plan(connection, site, sealer)
        reading.problems.extend(
            _problem(row, "", f"登记检查不通过：{told}", told, "改正这一行", "mend this row") for row, told in blamed
        )


def _named_in(told: str, of: str) -> str:
    """Return the id of the entry of a sort that a complaint begins with; '' when it is about something else."""
    match = re.match(rf"{of} '?([A-Za-z0-9_-]+)'?:? ", told)
    return match[1] if match else ""


def _merged(now: Site, reading: Reading) -> Site:
    """Return the site with the good rows put into it; rows that miss what somebody new must have are told of."""
    listed: list[Any] = list(now.persons if reading.kind == "persons" else now.devices)
    at = {entry.id: position for position, entry in enumerate(listed)}
    bad = reading.bad()
    for row in reading.rows:
        if row.number in bad:
            continue
        name = row.fields["id"]
        known = listed[at[name]] if name in at else None
        missing = [] if known is not None else _missing(reading.kind, row.fields)
        if missing:
            reading.problems.extend(missing_problem(row.number, column) for column in missing)
        elif known is not None:
            listed[at[name]] = _over(known, row.fields)
        else:
            listed.append(_made(reading.kind, row.fields))
    if reading.kind == "persons":
        return msgspec.structs.replace(now, persons=listed)
    return msgspec.structs.replace(now, devices=listed)


def missing_problem(row: int, column: Column) -> RowProblem:
    """Return what is said of a row of somebody new that misses a cell."""
    named = f"{column.zh[0]}/{column.en[0]}"
    return _problem(row, named, "新登记的必须填写", "must be filled in for a new one", column.example, column.example)


def _missing(kind: Kind, fields: Collection[str]) -> list[Column]:
    return [column for column in columns(kind) if column.needed and column.field not in fields]


def _over(known: Any, fields: dict[str, Any]) -> Any:
    plain_fields = {name: value for name, value in fields.items() if name not in CARE}
    if not isinstance(known, SitePerson):
        return msgspec.structs.replace(known, **plain_fields)
    care = {**known.care, **{name: value for name, value in fields.items() if name in CARE}}
    return msgspec.structs.replace(known, **plain_fields, care=care)


def _made(kind: Kind, fields: dict[str, Any]) -> Any:
    plain_fields = {name: value for name, value in fields.items() if name not in CARE}
    if kind == "devices":
        return Device(**plain_fields)
    care = {name: value for name, value in fields.items() if name in CARE and value is not None}
    return SitePerson(**plain_fields, care=care)

"""Spreadsheets: what is read, what is told of each row, and that no bytes whatever do more than be refused."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.errors import BadInput
from gateway.registering import sheet_report
from gateway.registering.sheet_cells import MOST_BYTES, MOST_ROWS, read_sheet
from gateway.registering.sheet_columns import Kind, around
from gateway.registering.sheets import Outcome, Reading, read_rows
from tests.station import make_site

AROUND = around(make_site(2))
PERSONS = "编号,姓名,住址,独居,无活动时限(小时),外出至\n"


def book(*rows: list[Any], merge: str | None = None, title: str = "Sheet") -> bytes:
    made = openpyxl.Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    if merge is not None:
        made.active.merge_cells(merge)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def read(content: bytes, kind: Kind = "persons") -> Reading:
    return read_rows(kind, read_sheet(content), AROUND)


def told(content: bytes, kind: Kind = "persons") -> dict[tuple[int, str], str]:
    return {(one.row, one.column.partition("/")[0]): one.wrong["en"] for one in read(content, kind).problems}


def rezipped(content: bytes, name: str, data: bytes) -> bytes:
    """A workbook with one part replaced or added."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part, old.read(part))
        new.writestr(name, data)
    return written.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_sheet_of_residents_in_every_usual_form(encoding: str, delimiter: str) -> None:
    text = PERSONS + "p-7,王某,东街1号楼001,是,18,2026-12-01\n"
    [row] = read(text.replace(",", delimiter).encode(encoding)).rows
    assert row.fields == {
        "id": "p-7", "name": "王某", "place": "flat-1", "lives_alone": True, "silence_limit_s": 64800,
        "away_until": "2026-12-02T00:00:00+08:00",
    }  # fmt: skip


def test_english_headers_titles_and_numbers_of_a_workbook() -> None:
    content = book(
        ["东街居民登记表", None, None, None],
        [],
        ["ID", " Name *", "Place（必填）", "Lives_Alone", "away_until", "备注"],
        ["p-7", "王某", "flat-1", True, date(2026, 12, 1), "x"],
        ["p-8", "李某", "flat-2", "否", datetime(2026, 12, 1, 18, 30), "x"],
        [9, "赵某", "flat-2", None, None, None],
        merge="A1:D1",
    )
    reading = read(content)
    assert reading.problems == []
    assert reading.ignored == ["备注"]
    assert [row.number for row in reading.rows] == [4, 5, 6]
    assert reading.rows[0].fields["away_until"] == "2026-12-02T00:00:00+08:00"
    assert reading.rows[1].fields == {
        "id": "p-8", "name": "李某", "place": "flat-2", "lives_alone": False,
        "away_until": "2026-12-01T18:30:00+08:00",
    }  # fmt: skip
    assert reading.rows[2].fields["id"] == "9"


def test_devices_by_what_people_call_them() -> None:
    text = "设备编号,类型,名称,位置,网关\nd1,门禁,甲,商场,无\nd2,Camera,乙,mall,\nd3,声呐,丙,mall,d1\n"
    reading = read(text.encode(), "devices")
    assert [row.fields["kind"] for row in reading.rows if "kind" in row.fields] == ["door_controller", "camera"]
    assert reading.rows[0].fields["via"] is None
    assert told(text.encode(), "devices") == {
        (4, "类型"): "there is no kind of device '声呐'",
        (4, "网关"): "the registry has no gateway 'd1'",
    }


def test_what_is_wrong_is_said_by_row_and_column() -> None:
    text = (
        PERSONS
        + "a b,王,flat-1,,,\n,李,flat-1,,,\np-1,赵,月球,也许,很久,明天\np-1,钱,flat-1,,,\np-1,孙,flat-1,,999999,\n"
        "p-2,=HYPERLINK(1),flat-1,,,\n# p-3,例子,nowhere,,,\n"
    )
    wrong = told(text.encode())
    assert wrong[2, "编号"].startswith("the id 'a b' has other characters")
    assert wrong[3, "编号"] == "has no id"
    assert wrong[4, "住址"] == "the registry has no place '月球'"
    assert wrong[4, "独居"] == "'也许' is neither yes nor no"
    assert wrong[4, "无活动时限(小时)"] == "'很久' is no number of hours"
    assert wrong[4, "外出至"] == "'明天' is no day"
    assert wrong[5, "编号"] == "the same as row 4"
    assert wrong[7, "姓名"] == "is a formula"
    assert not any(row == 8 for row, _ in wrong), "a row that begins with # is a remark"


def test_formulas_errors_and_merged_rows_of_a_workbook() -> None:
    content = book(
        ["编号", "姓名", "住址"], ["p-1", '="王"&"某"', "flat-1"], ["p-2", "李", "#REF!"], ["p-3", "赵", "flat-1"],
        ["p-4", "钱", None],
        merge="C4:C5",
    )  # fmt: skip
    wrong = told(content)
    assert wrong[2, "姓名"] == "is a formula"
    assert wrong[3, "住址"] in {"is an error value", "the registry has no place '#REF!'"}
    assert wrong[4, ""] == wrong[5, ""] == "shares a cell with another row"
    with pytest.raises(BadInput, match="unmerge"):
        read(book(["编号", "姓名"], [None, None], ["p-1", "王"], merge="A1:A2"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n\n,,\n", "empty"),
        (b"\xd0\xcf\x11\xe0rest", "old .xls"),
        (b"PK\x03\x04rest", "cannot be read"),
        ("姓名,住址\n王,x\n".encode(), "no row has the columns' names"),
        ("编号,id\n1,2\n".encode(), "two columns are called id"),
        (b"\xff\xff\xff\xff", "neither UTF-8 nor GB18030"),
        (b"a,b\x00\n", "no csv file"),
        (b"x" * (MOST_BYTES + 1), "more than 5 MB"),
        (("编号\n" + "p\n" * (MOST_ROWS + 1)).encode(), "more than 10000 rows"),
    ],
)
def test_what_is_no_sheet_is_refused_with_what_to_do(content: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read(content)


def test_a_bomb_is_not_unpacked() -> None:
    small = book(["编号", "姓名"], ["p-1", "王"])
    bomb = rezipped(small, "xl/media/image1.png", b"\0" * 80_000_000)
    assert len(bomb) < 200_000
    with pytest.raises(BadInput, match="unpacks to far more"):
        read_sheet(bomb)
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">]><worksheet>&a;</worksheet>'
    with pytest.raises(BadInput, match="declares entities"):
        read_sheet(rezipped(small, "xl/worksheets/sheet1.xml", laughs))
    with pytest.raises(BadInput, match="declares entities"):
        read_sheet(rezipped(small, "xl/worksheets/sheet1.xml", laughs.decode().encode("utf-16")))


def test_a_row_at_the_end_of_the_world_costs_nothing() -> None:
    made = openpyxl.Workbook()
    made.active.append(["编号", "姓名"])
    made.active.cell(1_048_576, 16_384, "far")
    written = io.BytesIO()
    made.save(written)
    assert read(written.getvalue()).rows == []


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for given_bytes in (content, PERSONS.encode() + content, b"PK\x03\x04" + content):
        for kind in ("persons", "devices"):
            try:
                reading = read(given_bytes, kind)  # type: ignore[arg-type]
            except BadInput:
                continue
            outcome = Outcome(reading, 0)
            assert sheet_report.as_text(outcome)
            assert sheet_report.as_json(outcome)["rows"] >= len(reading.rows)
            sheet_report.as_csv(reading)
            sheet_report.as_xlsx(reading)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_a_broken_workbook_is_read_or_refused(at: int, scribble: bytes) -> None:
    whole = book(["编号", "姓名", "住址"], ["p-1", "王", "flat-1"])
    at %= len(whole)
    with suppress(BadInput):
        read(whole[:at] + scribble + whole[at + len(scribble) :])


def test_the_sheet_goes_back_with_what_is_wrong_and_computes_nothing() -> None:
    reading = read((PERSONS + "p-1,=1+1,月球,,,\np-2,+86 100,flat-1,,,\np-3,@cmd,flat-1,,,\n").encode())
    lines = sheet_report.as_csv(reading).decode("utf-8-sig").splitlines()
    assert lines[0].endswith("问题/problem")
    assert "（公式）" in lines[1]
    assert "月球" in lines[1].rpartition(",")[2]
    assert "'@cmd" in lines[3]
    cells = openpyxl.load_workbook(io.BytesIO(sheet_report.as_xlsx(reading))).active
    assert not any(cell.data_type == "f" for row in cells.iter_rows() for cell in row)
    text = sheet_report.as_text(Outcome(reading, 2), "en")
    assert "row 2, name: is a formula; write the value itself" in text
    assert text.endswith("nothing was written")


@pytest.mark.parametrize("kind", ["persons", "devices"])
def test_the_template_is_a_sheet_that_says_nothing_yet(kind: Kind) -> None:
    reading = read(sheet_report.template(kind), kind)
    assert reading.rows == []
    assert reading.problems == []
    assert reading.ignored == []

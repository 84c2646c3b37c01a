"""Every word of a site file stands in its page, and every word of the page is one."""

from __future__ import annotations

import msgspec
import pytest

from gateway.model.policy import Policy
from gateway.model.registry import Station
from gateway.registering.coordinates import SYSTEMS
from gateway.registering.reading import SECTIONS, WORDS
from gateway.registering.sheet_columns import Kind, columns
from tests.pages import coded, page, rows, section

#: Words that the reader takes out of an entry before it is one.
READ_AWAY = {"areas": {"coordinates"}, "places": {"coordinates"}}
STRUCTS = {**SECTIONS, "policy": Policy}


def told(heading: str) -> list[str]:
    return [word for row in rows(section(page("site-file.md"), heading)) for word in coded(row[0])]


def fields(kind: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(kind)}


def test_parts() -> None:
    assert sorted(told("Parts")) == sorted(WORDS)
    assert fields(Station) <= set(coded(section(page("site-file.md"), "Parts")))
    assert set(SYSTEMS) <= set(coded(section(page("site-file.md"), "Parts")))


@pytest.mark.parametrize("part", STRUCTS)
def test_fields(part: str) -> None:
    words = told(part)
    assert len(words) == len(set(words)), "a field stands twice"
    assert set(words) == fields(STRUCTS[part]) | READ_AWAY.get(part, set())


def test_parts_of_the_policy() -> None:
    text = section(page("site-file.md"), "policy")
    for name in ("flood", "chatter", "shelving"):
        assert fields(type(getattr(Policy(), name))) <= set(coded(text)), name


@pytest.mark.parametrize("kind", ["persons", "devices"])
def test_columns_of_sheets(kind: Kind) -> None:
    [row] = [row for row in rows(section(page("site-file.md"), "Spreadsheets")) if row[0] == kind]
    for column in columns(kind):
        assert f"{column.zh[0]} {column.en[0]}" in row[1]

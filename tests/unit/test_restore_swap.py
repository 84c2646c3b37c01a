"""What `anxin restore` says at the end: how the restored database takes the old one's place."""

from __future__ import annotations

import shlex

import pytest

from gateway.backup.report import swapping
from gateway.settings import read_settings

NOW = "postgresql://anxin:p%40ss@db:5433/anxin"


def test_the_command_stands_there_without_the_password() -> None:
    told = swapping(read_settings(database_url=NOW), "postgresql://anxin:p%40ss@db:5433/of%20night")
    assert "p@ss" not in told
    assert "p%40ss" not in told
    assert shlex.split(told.splitlines()[-1]) == [
        "psql", "-d", "postgres", "--host=db", "--port=5433", "--username=anxin",
        "-c", 'alter database "anxin" rename to "anxin_old"', "-c", 'alter database "of night" rename to "anxin"',
    ]  # fmt: skip


@pytest.mark.parametrize("restored", [NOW, "postgresql://anxin:p%40ss@elsewhere:5433/anxin_restored"])
def test_nothing_is_said_where_there_is_nothing_to_swap(restored: str) -> None:
    assert swapping(read_settings(database_url=NOW), restored) == ""

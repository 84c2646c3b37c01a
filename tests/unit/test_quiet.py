"""The harness of `make bench-quiet`: ordinary life in, expected and unexpected told apart."""

from datetime import UTC, datetime, timedelta

from rules.load import CATALOG, bring_to_life, read_definition
from rules.replay import Replay
from tests.bench.quiet import Account, Town, Troubles

BEGINS = datetime(2026, 11, 2, tzinfo=UTC) - timedelta(hours=8)
QUIET = ("school-gate-open", "sales-report-overdue", "hazardous-site-unattended", "door-held", "clock-skewed")


def test_three_days_of_a_town_are_told_apart() -> None:
    town, ends = Town(7), BEGINS + timedelta(days=3)
    rules = [bring_to_life(read_definition(CATALOG / f"{name}.yaml")) for name in QUIET]
    troubles = Troubles(town, BEGINS, ends)
    account = Account(rules, troubles, BEGINS)
    replay = Replay(rules, town.registry, BEGINS, on_verdict=account.take)
    for event in town.events(BEGINS, ends):
        account.look(event)
        replay.event(event)
    replay.run_until(ends)

    assert list(account.unexpected()) == []
    rows = [row.split("|")[1:-1] for row in account.table()][2:]
    assert [row[0].strip(" `") for row in rows] == sorted(QUIET)
    assert all(int(row[1].replace(",", "")) > 50 for row in rows)
    assert account.raised["door-held"], "somebody props a door within three days"


def test_what_nothing_explains_is_unexpected() -> None:
    town, ends = Town(7), BEGINS + timedelta(days=1)
    told = read_definition(CATALOG / "hazardous-site-unattended.yaml")
    nervous = told.model_copy(update={"params": {"watch": "attended", "limit_s": 60}})
    rules = [bring_to_life(nervous)]
    account = Account(rules, Troubles(town, BEGINS, ends), BEGINS)
    replay = Replay(rules, town.registry, BEGINS, on_verdict=account.take)
    for event in town.events(BEGINS, ends):
        replay.event(event)

    unexpected = list(account.unexpected())
    assert len(unexpected) > 50
    assert {rule for rule, _ in unexpected} == {"hazardous-site-unattended"}

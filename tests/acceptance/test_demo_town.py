"""The demo as everybody meets it: a county town with a month behind it, then two lively minutes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.acceptance.test_demo import Demo
from tests.station import wait_for

#: Filling in a month may take so long (the promise), and starting beside other tests a little more.
HISTORY_S, LIVELY_S = 120.0, 120.0

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    living = Demo(tmp_path_factory.mktemp("county") / "home", "--no-cameras")
    try:
        living.start(ready=False)
        wait_for(living._is_ready, "the demo with its month of history", HISTORY_S + 60)
        yield living
    finally:
        living.close()


def rows(town: Demo, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(town.told["database_url"], row_factory=dict_row) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def one(town: Demo, query: str) -> Any:
    return next(iter(rows(town, query)[0].values()))


def test_a_month_is_filled_in_within_two_minutes_with_progress_and_rings_nobody(town: Demo) -> None:
    filled = re.search(r"history: ([\d,]+) events in ([\d.]+) s", town.said)
    assert filled is not None, town.said
    assert int(filled[1].replace(",", "")) >= 200_000
    assert float(filled[2]) < HISTORY_S
    assert re.search(r"\d+ % · 20\d\d-", town.said), "no progress was shown"
    assert one(town, "select max(ts) - min(ts) > interval '29 days' from event")
    past = "from alert where suppressed_by = 'history'"
    assert one(town, f"select count(*) {past}") > 10  # ours
    assert one(town, f"select count(*) {past} and (sounded > 0 or ended_at is null)") == 0
    told = "select count(*) from notification n join alert a on a.id = n.alert_id where a.suppressed_by = 'history'"
    assert one(town, told) == 0
    assert one(town, "select count(*) from dead_letter") == 0


def test_two_lively_minutes_show_every_kind_of_device_an_elder_and_something_harmless(town: Demo) -> None:
    kinds = """
        select distinct d.kind from alert a join device d on d.id = any (
            array(select split_part(jsonb_array_elements_text(a.events), '/', 1)))
        where a.stream in ('alert', 'work_item')
            and greatest(a.raised_at, a.last_sounded_at) > now() - interval '5 minutes'
    """
    wanted = {"door_controller", "door_contact", "camera", "school_button", "sos_button", "motion", "meter", "screen",
              "gateway"} - {"door_contact"}  # fmt: skip
    wait_for(lambda: wanted <= {row["kind"] for row in rows(town, kinds)}, "every kind of device", LIVELY_S + 30)
    lively = "from alert where raised_at > now() - interval '6 minutes'"
    # Their own rhythm gave them away hours ago; whoever is on duty is told when the demo opens.
    told = "from alert where rule_id = 'elder-silent' and last_sounded_at > now() - interval '6 minutes'"
    elders = f"select active {told} order by active"
    wait_for(
        lambda: [row["active"] for row in rows(town, elders)][:2] == [False, True], "the elder who opened her door"
    )
    harmless = f"select count(*) {lively} and rule_id = 'door-held' and not active"
    wait_for(lambda: one(town, harmless) == 1, "the held door that closed")
    rung = "select count(distinct alert_id) from notification where channel = 'phone' and accepted_at is not null"
    assert one(town, rung) >= 7


def test_a_second_start_fills_in_what_happened_meanwhile_and_goes_on(town: Demo) -> None:
    before = one(town, "select count(*) from event")
    assert town.interrupt() == 0
    time.sleep(5)
    town.start()
    assert "history:" in town.said
    wait_for(lambda: one(town, "select count(*) from event") > before, "life to go on")
    assert one(town, "select count(*) from dead_letter") == 0


def test_ctrl_c_while_history_is_filled_in_ends_at_once_and_the_next_start_goes_on(tmp_path: Path) -> None:
    impatient = Demo(tmp_path / "home", "--history-days", "10", "--no-cameras")
    try:
        impatient.start(ready=False)
        wait_for(lambda: impatient._is_ready() or " % · " in impatient.said, "the first progress", 120)
        assert impatient.interrupt() == 0
        assert "Traceback" not in impatient.said
        assert "is ready" not in impatient.said
        impatient.start(ready=False)
        wait_for(impatient._is_ready, "the second start", 120)
        days = "select count(distinct (ts at time zone 'Asia/Shanghai')::date) from event"
        assert one(impatient, days) >= 10
    finally:
        impatient.close()

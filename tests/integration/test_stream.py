"""The live stream under bad conditions: browsers that come and go, writers on both sides, readers that stop reading.

The `change` table is the truth. Whatever happens to a client, what it has seen must be exactly what the table holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psycopg
import pytest

from gateway.embedded.ports import LOOPBACK
from gateway.store import changes as change_store
from gateway.store.changes import Change
from tests.station import Station, wait_for

#: How soon a change must be with a client that is connected, on a machine that is busy with other things: whoever
#: waited for the provider, or for a reader that has stopped, would wait for longer.
GENEROUS_S = 20.0
#: What the stream sends when nothing happens comes at least this often, with room for a slow machine.
HEARTBEAT_BY_S = 18.0
CLIENTS = 50
#: What is a change; `hello`, `reset` and `heartbeat` say where the log is.
KINDS = {"alert", "incident", "work_item", "shelf", "flood"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Database and API without a gateway: nothing changes unless the test changes it."""
    quiet = Station(tmp_path_factory.mktemp("desk"))
    try:
        yield quiet.start_stores().start_api()
    finally:
        quiet.close()


# ── a client of raw sockets, so that fifty of them cost little ──────────────────────────────────────────


@dataclass(frozen=True)
class Frame:
    """One event of the stream; `event` is empty for a comment."""

    event: str
    id: int | None
    data: str
    raw: str


def log_in(station: Station, username: str = "operator") -> str:
    with station.api(username) as api:
        return str(api.headers["Authorization"])


def request(authorization: str, last: object = None, query: str = "") -> bytes:
    lines = [f"GET /api/v1/stream{query} HTTP/1.1", f"Host: {LOOPBACK}", f"Authorization: {authorization}"]
    if last is not None:
        lines.append(f"Last-Event-ID: {last}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def opened(
    station: Station, authorization: str, last: object = None, query: str = ""
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(LOOPBACK, station.api_port, limit=2**24)
    writer.write(request(authorization, last, query))
    return reader, writer


async def frames(reader: asyncio.StreamReader) -> AsyncIterator[Frame]:
    """Yield each frame until the server ends the stream."""
    status = await reader.readuntil(b"\r\n\r\n")
    assert status.startswith(b"HTTP/1.1 200"), status.decode()
    assert b"text/event-stream" in status
    waiting = b""
    while (size := await reader.readline()).strip() not in {b"", b"0"}:
        waiting += (await reader.readexactly(int(size, 16) + 2))[:-2]
        *whole, waiting = waiting.split(b"\n\n")
        for text in whole:
            yield _frame(text.decode())


def _frame(text: str) -> Frame:
    fields = {name: told for name, _, told in (line.partition(": ") for line in text.splitlines()) if name}
    number = fields.get("id")
    return Frame(fields.get("event", ""), int(number) if number else None, fields.get("data", ""), text)


def first_frames(
    station: Station, authorization: str, count: int, last: object = None, query: str = "", timeout: float = 10
) -> list[Frame]:
    """The first frames that are events (`retry:` and comments aside)."""

    async def read() -> list[Frame]:
        reader, writer = await opened(station, authorization, last, query)
        found: list[Frame] = []
        async with asyncio.timeout(timeout):
            async for frame in frames(reader):
                found.extend([frame] if frame.event else [])
                if len(found) == count:
                    break
        writer.transport.abort()
        return found

    return asyncio.run(read())


def newest(station: Station) -> int:
    return int(station.one("select coalesce(max(id), 0) from change where station_id = %s", station.id))


def append(station: Station, count: int, area: str | None = "grid-1", filler: str = "") -> list[int]:
    """Write changes as the road and people's acts do: numbered last before the commit."""
    with psycopg.connect(station.postgres.url) as connection:
        changes = [Change("alert", area, {"id": n, "filler": filler}) for n in range(count)]
        return change_store.append(connection, station.id, changes, datetime.now(UTC))


# ── (a) fifty browsers on a bad line, writers on both sides ─────────────────────────────────────────────


@dataclass
class Browser:
    """A client that resumes where it was. A restless one loses its connection again and again."""

    station: Station
    authorization: str
    start: int
    dice: random.Random | None = None
    seen: list[int] = field(default_factory=list)
    arrived: dict[int, float] = field(default_factory=dict)
    bodies: dict[int, Any] = field(default_factory=dict)
    cuts: int = 0
    resets: int = 0

    @property
    def last(self) -> int:
        return self.seen[-1] if self.seen else self.start

    async def follow(self, until: Callable[[], int | None]) -> None:
        """Follow until the number that `until` names, once it names one, has been seen."""
        while (end := until()) is None or self.last < end:
            reader, writer = await opened(self.station, self.authorization, self.last)
            try:
                await self._read(reader, until)
            finally:
                writer.transport.abort()
            if self.dice is not None:
                self.cuts += 1
                await asyncio.sleep(self.dice.uniform(0, 0.4))

    async def _read(self, reader: asyncio.StreamReader, until: Callable[[], int | None]) -> None:
        patience = self.dice.randrange(1, 40) if self.dice is not None else None
        stream = frames(reader)
        while (end := until()) is None or self.last < end:
            try:
                async with asyncio.timeout(self.dice.uniform(0.05, 3) if self.dice is not None else 1):
                    frame = await anext(stream)
            except (TimeoutError, StopAsyncIteration):
                return  # a line that hangs; what was half read is lost with it
            if frame.event in {"hello", "reset"}:
                self.resets += 1
            if frame.event not in KINDS or frame.id is None:
                continue
            self.arrived[frame.id] = time.time()
            self.seen.append(frame.id)
            self.bodies[frame.id] = json.loads(frame.data)
            patience = patience - 1 if patience is not None else None
            if patience == 0:
                return


class Writers:
    """Devices over MQTT and people over the API, all at once, until the devices have said everything."""

    def __init__(self, station: Station, presses: int, seed: int) -> None:
        self.station, self.presses, self.seed = station, presses, seed
        self.done = threading.Event()
        self.acts: list[str] = []
        self.failures: list[str] = []
        self.threads = [threading.Thread(target=self._safely, args=(self._press,))]
        self.threads += [threading.Thread(target=self._safely, args=(self._act, who)) for who in PEOPLE]

    def _safely(self, work: Callable[..., None], *arguments: str) -> None:
        try:
            work(*arguments)
        except Exception as error:  # noqa: BLE001  # told in the test's thread
            self.failures.append(f"{work.__name__} {arguments}: {error!r}")
        finally:
            if work == self._press:
                self.done.set()

    def _press(self) -> None:
        dice = random.Random(self.seed)
        with self.station.publisher() as integrator:
            for _ in range(self.presses):
                device = dice.choice(["button-1", *(f"door-{n}" for n in range(40))])
                kinds = ["alarm.pressed"] if device == "button-1" else ["door.forced", "door.held", "door.closed"]
                integrator.event(device, dice.choice(kinds))
                time.sleep(dice.uniform(0, 0.02))  # over some seconds, so that clients come and go in between

    def _act(self, username: str) -> None:
        dice = random.Random(f"{self.seed}{username}")
        with self.station.api(username) as api:
            while not self.done.is_set():
                nouns, verbs = PEOPLE[username]
                found = api.get(f"/{nouns}", params={"state": "open", "limit": 20}).json()["items"]
                for one in dice.sample(found, min(3, len(found))):
                    verb = dice.choice(verbs)
                    answer = api.post(f"/{nouns}/{one['id']}/{verb}", json=BODIES.get(verb))
                    if answer.status_code == 200:
                        self.acts.append(verb)
                    elif answer.status_code != 409:
                        self.failures.append(f"{username} {verb}: {answer.status_code} {answer.text[:200]}")


PEOPLE = {
    "operator": ("alerts", ["ack", "reset"]),
    "commander": ("alerts", ["ack", "reset"]),
    "officer": ("incidents", ["sign", "close"]),
    "deputy": ("incidents", ["sign"]),
}
BODIES = {"sign": {"reason": "on my way"}, "close": {"disposition": "real"}}


@dataclass
class Storm:
    """What was seen and written."""

    browsers: list[Browser]
    steady: list[Browser]
    written: list[dict[str, Any]]
    writers: Writers
    start: int


@pytest.fixture(scope="module")
def storm(station: Station) -> Storm:
    """Fifty clients through some seconds of everything at once; the phone provider is slow meanwhile."""
    slow = [{"mode": "slow", "seconds": 1.5}]
    httpx.put(f"{station.receivers}/phones/faults", json=slow).raise_for_status()
    start = newest(station)
    tokens = [log_in(station, name) for name in ("operator", "officer", "commander", "deputy")]
    browsers = [
        Browser(station, tokens[n % len(tokens)], start, random.Random(1000 + n) if n >= 5 else None)
        for n in range(CLIENTS)
    ]
    writers = Writers(station, presses=400, seed=7)
    before = int(station.one("select count(*) from event"))
    last: list[int] = []

    async def all_of_them() -> None:
        followers = [asyncio.create_task(browser.follow(lambda: last[0] if last else None)) for browser in browsers]
        for thread in writers.threads:
            thread.start()
        for thread in writers.threads:
            await asyncio.to_thread(thread.join, 60)
        stored = lambda: station.one("select count(*) from event") == before + writers.presses  # noqa: E731
        await asyncio.to_thread(wait_for, stored, "every press to be stored")
        last.append(newest(station))
        async with asyncio.timeout(30):
            await asyncio.gather(*followers)

    try:
        asyncio.run(all_of_them())
    finally:
        httpx.delete(f"{station.receivers}/phones/faults")
    written = station.rows(
        "select id, at, kind, body from change where station_id = %s and id > %s and id <= %s order by id",
        station.id, start, last[0],
    )  # fmt: skip
    return Storm(browsers, [b for b in browsers if b.dice is None], written, writers, start)


def test_the_storm_was_one(storm: Storm) -> None:
    assert storm.writers.failures == []
    assert len(storm.written) > 300
    assert {change["kind"] for change in storm.written} >= {"alert", "incident"}
    assert {"ack", "sign"} <= set(storm.writers.acts)
    restless = [browser.cuts for browser in storm.browsers if browser.dice is not None]
    assert sum(restless) > 100, "clients lose their connection again and again"


def test_every_client_ends_with_exactly_what_the_table_holds_in_order(storm: Storm) -> None:
    numbers = [change["id"] for change in storm.written]
    end = numbers[-1]
    assert numbers == list(range(storm.start + 1, end + 1)), "the table itself has no gap"
    wrong = {
        f"client {n} (cut {browser.cuts} times)": _difference(numbers, browser.seen, end)
        for n, browser in enumerate(storm.browsers)
        if [number for number in browser.seen if number <= end] != numbers
    }
    assert wrong == {}
    assert [browser.resets for browser in storm.browsers] == [0] * CLIENTS


def _difference(numbers: Sequence[int], seen: Sequence[int], end: int) -> str:
    upto = [number for number in seen if number <= end]
    missing = sorted(set(numbers) - set(upto))
    repeated = sorted({number for number in upto if upto.count(number) > 1})
    return f"missing {missing[:5]}, repeated {repeated[:5]}, in order {upto == sorted(upto)}"


def test_what_a_client_is_told_is_what_was_written(storm: Storm) -> None:
    told = storm.browsers[-1].bodies
    assert {change["id"]: change["body"] for change in storm.written} == {
        n: told[n] for n in sorted(told) if n <= storm.written[-1]["id"]
    }


def test_no_live_client_waits_while_the_phone_provider_is_slow(storm: Storm) -> None:
    at = {change["id"]: change["at"].timestamp() for change in storm.written}
    late = [
        (number, round(browser.arrived[number] - at[number], 2))
        for browser in storm.steady
        for number in at
        if browser.arrived[number] - at[number] > GENEROUS_S
    ]
    assert late == []


# ── (b) a reader that stops reading ─────────────────────────────────────────────────────────────────────


def test_readers_that_stop_reading_hold_up_nobody_cost_no_memory_and_resume(desk: Station) -> None:
    authorization = log_in(desk)
    start = newest(desk)
    stalled = [_stalled(desk, authorization, start) for _ in range(8)]
    filler, page = "x" * 4000, 500
    live = Browser(desk, authorization, start)
    goal = start + 9500

    async def live_while_others_stall() -> tuple[int, int]:
        following = asyncio.create_task(live.follow(lambda: goal))
        # More than the API keeps at hand, so that whatever it keeps is there already; then as much again.
        await asyncio.to_thread(_append_pages, desk, 11, page, filler)
        await _seen(live, start + 11 * page)
        before = _resident_mb(desk)
        await asyncio.to_thread(_append_pages, desk, 8, page, filler)
        async with asyncio.timeout(30):
            await following
        return before, _resident_mb(desk)

    before, after = asyncio.run(live_while_others_stall())
    assert live.seen == list(range(start + 1, goal + 1))
    assert after - before < 50, f"{before} MB, then {after} MB: 8 readers × 16 MB is what they did not read"
    slowest = max(live.arrived[row["id"]] - row["at"].timestamp() for row in _written(desk, start))
    assert slowest < GENEROUS_S, "the live client waits for the stalled ones"

    async def read_on(sock: socket.socket) -> list[int]:
        sock.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=sock, limit=2**24)
        ids: list[int] = []
        async with asyncio.timeout(40):
            async for frame in frames(reader):
                ids.extend([frame.id] if frame.event in KINDS and frame.id else [])
                if ids and ids[-1] == goal:
                    break
        writer.transport.abort()
        return ids

    assert asyncio.run(read_on(stalled[0])) == list(range(start + 1, goal + 1)), "the very same connection goes on"
    for sock in stalled[1:]:
        sock.close()
    wait_for(lambda: _streams(desk) == 0, "the API to let go of readers that left")
    resumed = first_frames(desk, authorization, 1, last=goal - 3)
    assert resumed[0].id == goal - 2


async def _seen(browser: Browser, number: int) -> None:
    await asyncio.to_thread(wait_for, lambda: browser.last >= number, f"change {number} to arrive", 30)


def _append_pages(station: Station, pages: int, page: int, filler: str) -> None:
    for _ in range(pages):
        append(station, page, filler=filler)


def _stalled(station: Station, authorization: str, last: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect((LOOPBACK, station.api_port))
    sock.sendall(request(authorization, last))
    return sock


def _resident_mb(station: Station) -> int:
    status = Path(f"/proc/{station.children['api'].pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) // 1024


def _written(station: Station, after: int) -> list[dict[str, Any]]:
    return station.rows("select id, at from change where id > %s", after)


def _streams(station: Station) -> float:
    told = httpx.get(f"{station.url}/metrics").text
    found = re.search(r"^anxin_streams (\S+)$", told, re.MULTILINE)
    assert found is not None
    return float(found[1])


# ── (c) where a client begins ───────────────────────────────────────────────────────────────────────────


def test_a_first_connection_is_told_where_it_stands_and_then_only_what_is_new(desk: Station) -> None:
    append(desk, 3)
    position = newest(desk)

    async def read() -> list[Frame]:
        reader, writer = await opened(desk, log_in(desk))
        found: list[Frame] = []
        async with asyncio.timeout(10):
            async for frame in frames(reader):
                if frame.event == "hello":
                    await asyncio.to_thread(append, desk, 2)
                found.extend([frame] if frame.event else [])
                if len(found) == 3:
                    break
        writer.transport.abort()
        return found

    hello, *news = asyncio.run(read())
    assert (hello.event, hello.id, json.loads(hello.data)) == ("hello", position, {"position": position})
    assert [(frame.event, frame.id) for frame in news] == [("alert", position + 1), ("alert", position + 2)]


def test_a_browser_is_told_how_soon_to_come_back(desk: Station) -> None:
    async def first() -> Frame:
        reader, writer = await opened(desk, log_in(desk))
        async with asyncio.timeout(10):
            found = await anext(frames(reader))
        writer.transport.abort()
        return found

    assert asyncio.run(first()).raw == "retry: 2000"


def test_the_position_may_stand_in_the_query_and_the_header_counts_more(desk: Station) -> None:
    append(desk, 3)
    position = newest(desk)
    authorization = log_in(desk)
    assert first_frames(desk, authorization, 1, query=f"?last_event_id={position - 1}")[0].id == position
    told = first_frames(desk, authorization, 1, last=position - 2, query=f"?last_event_id={position - 1}")
    assert told[0].id == position - 1


def test_a_position_that_was_never_given_is_a_reset(desk: Station) -> None:
    append(desk, 1)
    position = newest(desk)
    for unknown in (position + 1, position + 1000, 10**30):
        (told,) = first_frames(desk, log_in(desk), 1, last=unknown)
        assert (told.event, told.id, json.loads(told.data)) == ("reset", position, {"position": position}), unknown


def test_a_position_that_cannot_be_read_makes_the_console_fetch_its_lists(desk: Station) -> None:
    append(desk, 1)
    position = newest(desk)
    for nonsense in ("abc", "-1", "1.5", "12 or so"):
        (told,) = first_frames(desk, log_in(desk), 1, last=nonsense)
        assert (told.event in {"hello", "reset"}, told.id) == (True, position), nonsense


def test_a_position_no_longer_kept_is_a_reset_and_the_oldest_kept_resumes(desk: Station) -> None:
    append(desk, 10)
    position = newest(desk)
    desk.rows("delete from change where station_id = %s and id <= %s returning id", desk.id, position - 5)
    oldest = position - 4
    authorization = log_in(desk)
    (told,) = first_frames(desk, authorization, 1, last=oldest - 2)
    assert (told.event, told.id, json.loads(told.data)) == ("reset", position, {"position": position})
    resumed = first_frames(desk, authorization, 5, last=oldest - 1)
    assert [frame.id for frame in resumed] == list(range(oldest, position + 1))
    assert {frame.event for frame in resumed} == {"alert"}


def test_an_auditor_follows_nothing_and_nobody_gets_in_without_a_session(desk: Station) -> None:
    with desk.api("auditor") as auditor:
        refused = auditor.get("/stream")
        assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    for headers in ({}, {"Authorization": "Bearer made-up"}, {"Cookie": "anxin_session=made-up"}):
        refused = httpx.get(f"{desk.url}/api/v1/stream", headers=headers)
        assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json"), headers


# ── heartbeats and sessions, when it is quiet and when it is not ────────────────────────────────────────


@dataclass
class Heard:
    """Everything one connection said, with when, and when the server ended it."""

    frames: list[tuple[float, Frame]] = field(default_factory=list)
    ended: float | None = None


async def _listen(station: Station, authorization: str, heard: Heard) -> None:
    """Listen until the server ends the stream or nothing more can be expected."""
    began = time.monotonic()
    reader, writer = await opened(station, authorization)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HEARTBEAT_BY_S):
            async for frame in frames(reader):
                heard.frames.append((time.monotonic() - began, frame))
            heard.ended = time.monotonic() - began
    writer.transport.abort()


async def _spell(station: Station, *, busy: bool) -> dict[str, Heard]:
    """Three connections for a heartbeat's time: an operator, one who logs out, and one who sees another area only.

    `busy`: something changes every second in an area that the third one does not see.
    """
    station.rows("update user_account set areas = '{beat-9}' where username = 'deputy' returning 1")
    tokens = {"operator": log_in(station), "gone": log_in(station), "elsewhere": log_in(station, "deputy")}
    heard = {name: Heard() for name in tokens}
    listening = [asyncio.create_task(_listen(station, token, heard[name])) for name, token in tokens.items()]
    try:
        connected = lambda: all(one.frames for one in heard.values())  # noqa: E731
        await asyncio.to_thread(wait_for, connected, "all three to be connected", 10)
        logout = httpx.post(f"{station.url}/api/v1/auth/logout", headers={"Authorization": tokens["gone"]})
        logout.raise_for_status()
        await asyncio.to_thread(append, station, 3)
        while busy and not all(task.done() for task in listening):
            await asyncio.to_thread(append, station, 1)
            await asyncio.wait(listening, timeout=1)
        await asyncio.gather(*listening)
    finally:
        station.rows("update user_account set areas = null where username = 'deputy' returning 1")
    return heard


@pytest.fixture(scope="module")
def spells(desk: Station, station: Station) -> tuple[dict[str, Heard], dict[str, Heard]]:
    """A quiet spell at one station and a busy one at another, at the same time."""

    async def both() -> tuple[dict[str, Heard], dict[str, Heard]]:
        quiet, busy = await asyncio.gather(_spell(desk, busy=False), _spell(station, busy=True))
        return quiet, busy

    return asyncio.run(both())


@pytest.fixture
def quiet_spell(spells: tuple[dict[str, Heard], dict[str, Heard]]) -> dict[str, Heard]:
    return spells[0]


@pytest.fixture
def busy_spell(spells: tuple[dict[str, Heard], dict[str, Heard]]) -> dict[str, Heard]:
    return spells[1]


def _heartbeats(heard: Heard) -> list[Frame]:
    return [frame for _, frame in heard.frames if frame.event == "heartbeat"]


def test_a_heartbeat_keeps_the_position(quiet_spell: dict[str, Heard]) -> None:
    last = [frame.id for _, frame in quiet_spell["operator"].frames if frame.event in KINDS][-1]
    (heartbeat,) = _heartbeats(quiet_spell["operator"])
    assert (heartbeat.id, json.loads(heartbeat.data)) == (last, {"position": last})


def test_a_heartbeat_tells_those_who_see_nothing_where_the_log_is(quiet_spell: dict[str, Heard]) -> None:
    (heartbeat,) = _heartbeats(quiet_spell["elsewhere"])
    assert [frame for _, frame in quiet_spell["elsewhere"].frames if frame.event in KINDS] == [], "not their area"
    assert heartbeat.id == max(frame.id or 0 for _, frame in quiet_spell["operator"].frames)


def test_the_stream_of_a_session_that_logged_out_ends(quiet_spell: dict[str, Heard]) -> None:
    assert quiet_spell["gone"].ended is not None
    assert quiet_spell["operator"].ended is None


def test_the_stream_of_a_session_that_logged_out_ends_on_a_busy_day_too(busy_spell: dict[str, Heard]) -> None:
    ended = busy_spell["gone"].ended
    assert ended is not None, f"{len(busy_spell['gone'].frames)} frames were told to a session that had logged out"


def test_those_who_see_nothing_get_heartbeats_on_a_busy_day_too(busy_spell: dict[str, Heard]) -> None:
    heartbeats = _heartbeats(busy_spell["elsewhere"])
    assert heartbeats, f"a silent line for {HEARTBEAT_BY_S} s: proxies cut it, and it resumes from long ago"
    assert heartbeats[-1].id is not None


# ── (d) numbering ───────────────────────────────────────────────────────────────────────────────────────


def test_numbers_follow_the_order_of_commits_so_a_naive_reader_misses_nothing(desk: Station) -> None:
    start = newest(desk)
    committed: list[int] = []
    writers = [threading.Thread(target=_write_slowly, args=(desk, seed, committed)) for seed in range(6)]
    seen: list[int] = []
    for writer in writers:
        writer.start()
    with psycopg.connect(desk.postgres.url, autocommit=True) as connection:
        while any(writer.is_alive() for writer in writers) or (seen or [start])[-1] < newest(desk):
            last = seen[-1] if seen else start
            fresh = connection.execute(
                "select id from change where station_id = %s and id > %s order by id", (desk.id, last)
            ).fetchall()
            seen.extend(number for (number,) in fresh)
    assert len(committed) > 100
    assert seen == list(range(start + 1, start + len(committed) + 1)), "gapless, each once, in order"
    assert sorted(committed) == seen


def _write_slowly(station: Station, seed: int, committed: list[int]) -> None:
    """Transactions that dawdle before they number their changes and before they commit; some are rolled back."""
    dice = random.Random(seed)
    with psycopg.connect(station.postgres.url) as connection:
        for turn in range(20):
            connection.execute("select 1")
            time.sleep(dice.uniform(0, 0.02))
            changes = [Change("alert", None, {"by": seed, "turn": turn})] * dice.randrange(1, 4)
            numbers = change_store.append(connection, station.id, changes, datetime.now(UTC))
            time.sleep(dice.uniform(0, 0.01))
            if dice.random() < 0.2:
                connection.rollback()
                continue
            connection.commit()
            committed.extend(numbers)

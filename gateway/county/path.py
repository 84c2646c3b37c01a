"""What stands between a button and the county, step by step: `anxin doctor` says it, and the console's page shows it.

Each step is said in Chinese and in English, with what to do where it is not well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

from connectors.gat1400.config import ViidConfig
from connectors.gb28181.config import LinkConfig
from gateway.county.config import CountyConfig, read_county
from gateway.model.errors import Misconfigured
from gateway.settings import Settings
from gateway.store import county as store

#: A process that has said nothing for so long does not run.
SILENT = timedelta(seconds=15)
#: A link that is not online for so long is down; one that only just broke registers anew by itself.
DOWN = timedelta(minutes=2)
#: An alarm that waits for longer than this is late.
LATE = timedelta(minutes=5)
#: By so much a platform's clock may differ, in seconds: it compares the times of alarms with its own.
CLOCKS_S = 5.0
DAY = timedelta(days=1)

#: A sentence in both languages: `zh`, `en`.
Said = dict[str, str]


class Step(NamedTuple):
    """One step. `link` is empty for what is of all links; `do` says what to do, None when there is nothing to do."""

    link: str
    name: str
    level: Literal["ok", "warn", "error"]
    said: Said
    do: Said | None = None


class Standing(NamedTuple):
    """The links of a station as they stand (rows of `store.county.links`), and the steps of all of them."""

    links: list[dict[str, Any]]
    steps: list[Step]


class Down(NamedTuple):
    """A link that is down, and since when (aware)."""

    link: str
    since: datetime


def walk(connection: Connection[TupleRow], settings: Settings, now: datetime) -> Standing:
    """Look at every link: those of ANXIN_COUNTY_FILE where it is set and right, else those that ever ran here."""
    steps: list[Step] = []
    config = None
    if settings.county_file is not None:
        try:
            config = read_county(settings.county_file)
        except Misconfigured as error:
            steps.append(_wrong_file(error))
    rows = store.links(connection, settings.station, now - DAY)
    if config is not None:
        rows = [row for row in rows if row["name"] in _names(config)]
    rows = [{**row, "runs": now - row["seen_at"] <= SILENT} for row in rows]
    known = {row["name"] for row in rows}
    told = {one.name: one for one in config.platforms} if config is not None else {}
    steps += [_not_running(name) for name in told if name not in known]
    if any(row["kind"] == "gb28181" for row in rows) or any(isinstance(one, LinkConfig) for one in told.values()):
        steps += _buttons(*store.buttons(connection, settings.station))
    for row in rows:
        steps += _of_link(row, told.get(row["name"]), now)
    return Standing(rows, steps)


def down(connection: Connection[TupleRow], settings: Settings, now: datetime) -> list[Down]:
    """Return the links that are down for longer than `DOWN`. Cheap while all of them stand."""
    found = []
    for row in store.standing(connection, settings.station):
        since = row["changed_at"]
        if row["state"] == "online":
            if now - row["seen_at"] <= SILENT:
                continue
            since = row["seen_at"]
        if now - since > DOWN:
            found.append(Down(row["name"], since))
    if found and settings.county_file is not None:
        try:
            names = _names(read_county(settings.county_file))
        except Misconfigured:
            return found
        found = [one for one in found if one.link in names]
    return found


def _names(config: CountyConfig) -> set[str]:
    """The links that the file names: what ran once and stands there no more is not missed."""
    return {one.name for one in config.platforms}


def _wrong_file(error: Misconfigured) -> Step:
    return Step(
        "", "file", "error", {"zh": f"县平台配置文件有误：{error}", "en": str(error)},
        {"zh": "改正文件；运行 anxin county check 逐处说明", "en": "mend the file; `anxin county check` says more"},
    )  # fmt: skip


def _not_running(link: str) -> Step:
    return Step(
        link, "process", "error", {"zh": "链路进程没有运行", "en": "its process does not run"},
        {"zh": "启动 anxin county run（anxin run 会一并启动）", "en": "start `anxin county run`"},
    )  # fmt: skip


def _buttons(buttons: int, without: int) -> Iterator[Step]:
    if buttons == 0:
        return
    if without:
        yield Step(
            "", "codes", "error",
            {"zh": f"{buttons} 个求助按钮中有 {without} 个没有国标编码，按下时县平台收不到",
             "en": f"{without} of {buttons} buttons have no code: the county hears nothing when they are pressed"},
            {"zh": "链路进程运行时会自动编码；仍缺的，看 county.log",
             "en": "a running process gives codes by itself; what is missing then, county.log says why"},
        )  # fmt: skip
    else:
        said = {"zh": f"{buttons} 个求助按钮都有国标编码", "en": f"each of {buttons} buttons has a code"}
        yield Step("", "codes", "ok", said)


def _of_link(row: Mapping[str, Any], config: LinkConfig | ViidConfig | None, now: datetime) -> Iterator[Step]:
    link = row["name"]
    if not row["runs"]:
        yield _not_running(link)
    else:
        yield Step(link, "process", "ok", {"zh": "链路进程在运行", "en": "its process runs"})
        yield _registered(row, now)
        if row["state"] == "online" and row["kind"] == "gb28181":
            yield _catalogue(row)
            yield _clock(row)
    if isinstance(config, LinkConfig):
        yield from _guard(config)
    yield _waiting(row, now)
    yield _answered(row, now)


def _registered(row: Mapping[str, Any], now: datetime) -> Step:
    zh, en = _span(now - row["changed_at"])
    if row["state"] == "online":
        return Step(
            row["name"], "registered", "ok",
            {"zh": f"已注册到 {row['server']}，持续 {zh}", "en": f"registered at {row['server']} for {en}"},
        )  # fmt: skip
    why = row["why"]
    return Step(
        row["name"], "registered", "error",
        {"zh": f"未注册到 {row['server']} 已 {zh}：{why or '平台还没有应答'}",
         "en": f"not registered at {row['server']} for {en}: {why or 'no answer yet'}"},
        {"zh": "联系县平台运维；应答码含义见 docs/county.md",
         "en": "ask the county's operator; docs/county.md says what answers mean"},
    )  # fmt: skip


def _catalogue(row: Mapping[str, Any]) -> Step:
    do = {
        "zh": "平台会丢弃不认识的通道的报警：请县平台运维“同步通道”",
        "en": "alarms of channels it does not know are dropped: ask the operator to synchronise the channels",
    }
    if row["told_at"] is None:
        said = {"zh": "平台从未取过设备目录", "en": "it has never asked for the catalogue"}
        return Step(row["name"], "catalogue", "warn", said, do)
    untold = row["untold"]
    # Who subscribed to the catalogue is notified of what comes later.
    if untold and "Catalog" not in row["subscriptions"]:
        said = {
            "zh": f"平台取目录之后又有 {untold} 台设备，平台未订阅目录，还不认识它们",
            "en": f"{untold} devices came after it was told the catalogue, to which it has not subscribed",
        }
        return Step(row["name"], "catalogue", "warn", said, do)
    said = {
        "zh": f"平台已取得目录，{row['items']} 台设备",
        "en": f"it has the catalogue as it is now, {row['items']} devices",
    }
    return Step(row["name"], "catalogue", "ok", said)


def _clock(row: Mapping[str, Any]) -> Step:
    offset = row["clock_offset_s"]
    if offset is None:
        return Step(row["name"], "clock", "ok", {"zh": "平台没有报时间", "en": "it does not say what time it has"})
    by = f"{offset:+.0f}"
    said = {"zh": f"平台时钟与本机相差 {by} 秒", "en": f"its clock is {by} s from ours"}
    if abs(offset) > CLOCKS_S:
        return Step(row["name"], "clock", "warn", said, {"zh": "校准走错的那一边", "en": "set the clock that is wrong"})
    return Step(row["name"], "clock", "ok", said)


def _guard(config: LinkConfig) -> Iterator[Step]:
    if config.honour_guard:
        said = {
            "zh": "平台撤防的通道不上报（honour_guard），一键报警任何时候都上报",
            "en": "a channel that the platform disarmed keeps silent (honour_guard); buttons never do",
        }
    else:
        said = {"zh": "不需要布防即上报", "en": "no arming is needed: every channel speaks"}
    yield Step(config.name, "guard", "ok", said)
    if config.require_reset:
        reset = {
            "zh": f"同一通道的下一条报警要等平台复位，至多 {config.reset_after_s:g} 秒（require_reset）",
            "en": f"a channel's next alarm waits for the platform's reset, at most {config.reset_after_s:g} s "
            "(require_reset)",
        }
        yield Step(config.name, "reset", "ok", reset)


def _carried(row: Mapping[str, Any]) -> tuple[str, str]:
    """What a link carries, in both languages."""
    return ("张图片", "picture") if row["kind"] == "gat1400" else ("条报警", "alarm")


def _waiting(row: Mapping[str, Any], now: datetime) -> Step:
    what_zh, what = _carried(row)
    if not row["waiting"]:
        return Step(row["name"], "waiting", "ok", {"zh": f"没有{what_zh[1:]}在等待", "en": f"no {what} waits"})
    zh, en = _span(now - row["oldest"])
    said = {
        "zh": f"{row['waiting']} {what_zh}在等待，最早的已等 {zh}",
        "en": f"{row['waiting']} {what}s wait, the oldest for {en}",
    }
    if now - row["oldest"] <= LATE:
        return Step(row["name"], "waiting", "ok", said)
    do = {
        "zh": "用电话告知县里；链路恢复后会自动补报",
        "en": "tell the county by phone; what waits goes out by itself when the link is back",
    }
    return Step(row["name"], "waiting", "error", said, do)


def _answered(row: Mapping[str, Any], now: datetime) -> Step:
    """What became of the last day's alarms, or pictures."""
    sent = row["sent"] + row["acknowledged"]
    zh = [f"24 小时内送达 {sent} 条，其中平台确认 {row['acknowledged']} 条"]
    en = [f"of a day {sent} were taken, {row['acknowledged']} of them acknowledged"]
    if row["last_acknowledged"] is not None:
        ago_zh, ago_en = _span(now - row["last_acknowledged"])
        zh.append(f"最近一次确认在 {ago_zh}前")
        en.append(f"the last {ago_en} ago")
    bad = [
        (row["refused"], "拒收", "refused"), (row["expired"], "过期", "expired"),
        (row["contradicted"], "收下后回复出错", "taken and then answered with an error"),
    ]  # fmt: skip
    zh += [f"{name} {n} 条" for n, name, _ in bad if n]
    en += [f"{n} {name}" for n, _, name in bad if n]
    said = {"zh": "，".join(zh), "en": ", ".join(en)}
    if not any(n for n, *_ in bad):
        return Step(row["name"], "answered", "ok", said)
    do = {
        "zh": "请县平台运维按 anxin county sheet 核对通道",
        "en": "ask the county's operator to compare the channels with `anxin county sheet`",
    }
    if row["kind"] == "gat1400":
        do = {"zh": "请县视图库运维说明原因", "en": "ask the operator of the county's image database why"}
    return Step(row["name"], "answered", "warn", said, do)


def _span(passed: timedelta) -> tuple[str, str]:
    """Return a length of time, Chinese and English, in its largest unit."""
    seconds = max(0, int(passed.total_seconds()))
    for size, zh, en in ((86400, "天", "d"), (3600, "小时", "h"), (60, "分钟", "min")):
        if seconds >= size:
            return f"{seconds // size} {zh}", f"{seconds // size} {en}"
    return f"{seconds} 秒", f"{seconds} s"

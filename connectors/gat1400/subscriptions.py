"""What a platform subscribes to, read and judged."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from connectors.gat1400.ids import is_business_id, read_stamp

#: SubscribeDetail: which cameras, how they are, motor vehicles, and files. The others are not served: this product
#: profiles no persons, and has neither tollgates nor lanes.
DEVICES, STATUSES, VEHICLES, FILES = "3", "4", "13", "16"
SERVED = frozenset({DEVICES, STATUSES, VEHICLES, FILES})
OK, BUSY, INVALID, BAD_JSON, BAD_CONTENT = 0, 2, 4, 7, 8
#: Longer than a message of the outbox may be under way is not waited; seconds.
LONGEST_REPORT_S = 60
MOST_TITLE = 200


class Subscription(msgspec.Struct, frozen=True):
    """What is to be told, where, how often and until when. `begin`, `end` are aware."""

    id: str
    title: str
    details: tuple[str, ...]
    receive: str
    begin: datetime
    end: datetime
    interval_s: int = 1

    def active(self, now: datetime) -> bool:
        """Say whether it holds at a moment."""
        return self.begin <= now < self.end


class Refused(Exception):
    """It is not taken: the StatusCode, and why in the platform's language."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def is_cancel(told: Mapping[str, Any]) -> bool:
    """Say whether an object ends a subscription, not begins one."""
    return str(told.get("OperateType", "0")) == "1" or str(told.get("SubscribeStatus", "0")) == "1"


def read_subscription(told: Mapping[str, Any], hosts: Collection[str], now: datetime) -> tuple[Subscription, str]:
    """Return a subscription and what is said to it. Raises `Refused`.

    `hosts` are those it may have told: whoever names another would have pictures sent to anybody.
    """
    own = told.get("SubscribeID")
    if not isinstance(own, str) or not is_business_id(own):
        raise Refused(BAD_CONTENT, "SubscribeID 应为33位数字")
    begin, end = read_stamp(told.get("BeginTime")) or now, read_stamp(told.get("EndTime"))
    if end is None:
        raise Refused(BAD_CONTENT, "EndTime 缺失或格式错误")
    if end <= now:
        raise Refused(INVALID, "订阅已过期")
    receive = told.get("ReceiveAddr")
    if not _is_allowed(receive, hosts):
        raise Refused(INVALID, "ReceiveAddr 不是本平台配置的地址")
    asked = [one for one in re.split(r"[;,\s]+", str(told.get("SubscribeDetail") or "")) if one]
    served = tuple(sorted({one for one in asked if one in SERVED}, key=int))
    if not served:
        raise Refused(INVALID, "只提供设备目录(3)、设备状态(4)、机动车(13)、文件(16)订阅")
    left = [one for one in asked if one not in SERVED]
    said = f"已订阅 {','.join(served)}" + (f"；不提供 {','.join(left)[:60]}" if left else "")
    title = "".join(one for one in str(told.get("Title") or "") if one.isprintable())[:MOST_TITLE]
    return Subscription(own, title, served, str(receive), begin, end, _interval(told.get("ReportInterval"))), said


def _is_allowed(url: object, hosts: Collection[str]) -> bool:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        return (
            parts is not None and parts.scheme in {"http", "https"} and parts.username is None
            and parts.hostname in {one.lower().strip("[]") for one in hosts} and parts.port != 0
            and str(url).isprintable() and " " not in str(url)
        )  # fmt: skip
    except ValueError:
        return False


def _interval(told: object) -> int:
    try:
        return min(max(int(str(told)), 1), LONGEST_REPORT_S)
    except ValueError:
        return 1

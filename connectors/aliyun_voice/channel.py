"""The voice channel: Alibaba Cloud calls a phone and reads a template out (Dyvmsapi 2017-05-25), and its reports.

With a template for «signed» the call asks for a key (IvrCall) and key 1 signs; without, it is a notice
(SingleCallByTts).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from connectors.aliyun.call import AliyunCaller, number_of
from connectors.aliyun.codes import is_of_the_account
from connectors.aliyun.reports import moment_of, notification_of, read_array
from connectors.aliyun_sms.channel import variables_of
from connectors.aliyun_voice.limits import USUAL, CalleeLimits
from connectors.hiding import hidden
from connectors.http_outcome import TIMEOUT_S
from gateway.model.ports import Message, Outcome, Report

BASE_URL = "https://dyvmsapi.aliyuncs.com"
VERSION = "2017-05-25"
#: How often the text is read out.
PLAYED = "2"
#: The key that signs. Another one says only that somebody was there.
SIGNS = "1"
#: Somebody took the call: heard it out, hung up early, pressed no key in time, talked.
_TAKEN = frozenset({"200000", "200001", "200008", "200100"})
#: In the middle of a call: a key was pressed.
_KEY_PRESSED = "300000"


class AliyunVoiceChannel:
    """Calls people. `now` is the time of the world, `monotonic` measures the limits by callee."""

    name = "voice"
    receipts = True
    rate_per_min: int | None = None

    def __init__(  # one argument per thing the provider asks for
        self,
        key_id: str,
        key_secret: str,
        template: str,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        *,
        show_number: str = "",
        signed_template: str = "",
        base_url: str = BASE_URL,
        limits: Mapping[float, int] = USUAL,
        limit_s: float = TIMEOUT_S,
    ) -> None:
        self._template, self._show_number, self._signed_template = template, show_number, signed_template
        self._now = now
        self._caller = AliyunCaller(base_url, VERSION, key_id, key_secret, now, limit_s=limit_s)
        self._limits = CalleeLimits(monotonic, limits)

    async def send(self, message: Message) -> Outcome:
        """Call one number; accepted means that the call is being made."""
        number = number_of(message.recipient)
        if number is None:
            return Outcome("gone", "the address is no phone number; enter it again")
        if (stopped := self._limits.refuse(number)) is not None:
            return stopped
        self._limits.count(number)
        action, parameters = self._request(number, message)
        said = await self._caller.call(action, parameters, hide=[number, message.recipient])
        if isinstance(said, Outcome):
            return said  # it may ring all the same: it stays counted
        if said.refusal is not None:
            self._limits.uncount(number)
            return said.refusal
        return Outcome("accepted", provider_id=said.told.call_id)

    async def check(self) -> Outcome:
        """Ask for a call that never was: `accepted` when the key is taken. Costs nothing and rings nobody."""
        said = await self._caller.call(
            "QueryCallDetailByCallId",
            {"CallId": "0^0", "ProdId": "11000000300006", "QueryDate": str(int(self._now().timestamp() * 1000))},
        )
        if isinstance(said, Outcome):
            return said
        # It knows no such call, of course; what counts is whether it complains of us.
        if said.refusal is not None and is_of_the_account(said.told.code):
            return said.refusal
        return Outcome("accepted")

    def _request(self, number: str, message: Message) -> tuple[str, dict[str, str]]:
        said = msgspec.json.encode(variables_of(message)).decode()
        common = {"CalledNumber": number, "PlayTimes": PLAYED, "OutId": str(message.id)}
        if self._show_number:
            common["CalledShowNumber"] = self._show_number
        if not self._signed_template:
            return "SingleCallByTts", common | {"TtsCode": self._template, "TtsParam": said}
        asking = {"StartCode": self._template, "StartTtsParams": said, "ByeCode": self._signed_template}
        return "IvrCall", common | asking | {"MenuKeyMap.1.Key": SIGNS, "MenuKeyMap.1.Code": self._signed_template}

    async def close(self) -> None:
        """Let go of connections."""
        await self._caller.close()


def read_report(body: bytes) -> list[Report]:
    """Read a push of VoiceReport or VoiceCallReport. Raises ValueError when it is no JSON array.

    Stages of a call that say nothing of its end (ringing) are left out. Answer 200 with `{"code": 0}`.
    """
    return read_array(body, _read_one)


def _read_one(item: dict[str, Any]) -> Report | None:
    code, keys = str(item["status_code"]), str(item.get("dtmf") or "")
    if code.startswith("3") and not (code == _KEY_PRESSED and keys):
        return None  # a stage of the call
    if keys.startswith(SIGNS):
        step, told = "acknowledged", f"key {SIGNS} pressed"
    else:
        step = "delivered" if code in _TAKEN or keys else "failed"
        told = "another key pressed" if keys else str(item.get("status_msg") or "")
    return Report(
        provider_id=str(item["call_id"]),
        step=step,  # type: ignore[arg-type]  # one of the three
        detail=hidden(f"{code}: {told}", str(item.get("callee") or ""), str(item.get("caller") or "")),
        at=moment_of(item.get("end_time")) or moment_of(item.get("status_time")),
        notification=notification_of(item),
    )

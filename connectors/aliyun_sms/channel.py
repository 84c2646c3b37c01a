"""The text channel: Alibaba Cloud's SendSms (Dysmsapi 2017-05-25) with an approved template, and its reports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from connectors.aliyun.call import AliyunCaller, number_of
from connectors.aliyun.reports import moment_of, notification_of, read_array
from connectors.hiding import hidden
from connectors.http_outcome import TIMEOUT_S
from connectors.wording import area_of
from connectors.wording import said as said_in
from gateway.model.bulletin import KIND_WORDS, BulletinKind
from gateway.model.ports import Message, Outcome, Report

BASE_URL = "https://dysmsapi.aliyuncs.com"
VERSION = "2017-05-25"
#: The longest a variable of a template may be, in characters.
LONGEST = 35


class AliyunSmsChannel:
    """Sends texts. `now` is the time of the world."""

    name = "sms"
    receipts = True
    rate_per_min: int | None = None

    def __init__(  # one argument per thing the provider asks for
        self,
        key_id: str,
        key_secret: str,
        sign: str,
        template: str,
        now: Callable[[], datetime],
        *,
        bulletin_template: str | None = None,
        base_url: str = BASE_URL,
        limit_s: float = TIMEOUT_S,
    ) -> None:
        self._sign, self._template, self._bulletin_template = sign, template, bulletin_template
        self._caller = AliyunCaller(base_url, VERSION, key_id, key_secret, now, limit_s=limit_s)

    async def send(self, message: Message) -> Outcome:
        """Send one text."""
        number = number_of(message.recipient)
        if number is None:
            return Outcome("gone", "the address is no phone number; enter it again")
        bulletin = "bulletin" in message.body
        template = self._bulletin_template if bulletin else self._template
        if template is None:
            return Outcome("refused", "there is no template for bulletins: ANXIN_ALIYUN_SMS_BULLETIN_TEMPLATE")
        said = await self._caller.call(
            "SendSms",
            {
                "PhoneNumbers": number,
                "SignName": self._sign,
                "TemplateCode": template,
                "TemplateParam": msgspec.json.encode(
                    bulletin_variables(message) if bulletin else variables_of(message)
                ).decode(),
                "OutId": str(message.id),
            },
            hide=[number, message.recipient],
        )
        if isinstance(said, Outcome):
            return said
        return said.refusal or Outcome("accepted", provider_id=said.told.biz_id)

    async def check(self) -> Outcome:
        """Ask for the templates: `accepted` when they are there and approved. Costs nothing and tells nobody."""
        for template in filter(None, (self._template, self._bulletin_template)):
            said = await self._caller.call("QuerySmsTemplate", {"TemplateCode": template})
            found = said if isinstance(said, Outcome) else said.refusal
            if found is not None:
                return found
        return Outcome("accepted")

    async def close(self) -> None:
        """Let go of connections."""
        await self._caller.close()


def variables_of(message: Message) -> dict[str, str]:
    """Return the template's variables, for texts and calls alike. Nothing personal; text values only, as they ask."""
    return {
        "kind": "演练" if message.body.get("drill") else "警情",
        "priority": message.priority,
        "area": area_of(message)[:LONGEST],
        "incident": "" if message.incident is None else str(message.incident),
    }


def bulletin_variables(message: Message) -> dict[str, str]:
    """Return the variables of a bulletin's template: its sort, and its title as far as there is room."""
    kind: BulletinKind = message.body["kind"]
    return {"kind": KIND_WORDS[kind]["zh"], "title": said_in(message, "title")[:LONGEST]}


def read_report(body: bytes) -> list[Report]:
    """Read a push of SmsReport. Raises ValueError when it is no JSON array; answer 200 with `{"code": 0}`."""
    return read_array(body, _read_one)


def _read_one(item: dict[str, Any]) -> Report:
    success = item["success"]
    if not isinstance(success, bool):
        raise TypeError("success is true or false")
    detail = hidden(f"{item.get('err_code')}: {item.get('err_msg')}", str(item.get("phone_number") or ""))
    return Report(
        provider_id=str(item["biz_id"]),
        step="delivered" if success else "failed",
        detail=detail,
        at=moment_of(item.get("report_time")),
        notification=notification_of(item),
    )

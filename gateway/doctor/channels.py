"""The channels of vendors: are the credentials taken? Asked with what costs nothing and tells nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol

from connectors.apprise_any.channel import is_installed
from gateway.doctor.finding import Finding, bad, warn, well
from gateway.model.errors import Misconfigured
from gateway.model.ports import Outcome
from gateway.settings import Settings
from gateway.telling.channels import sms_of, vapid_public_key, voice_of, wecom_of


class Checked(Protocol):
    """A channel that can ask its provider without telling anybody."""

    async def check(self) -> Outcome:
        """Ask."""

    async def close(self) -> None:
        """Let go of connections."""


#: What each is called, and the setting that switches it on.
VENDORS: dict[str, tuple[str, Callable[[Settings], Checked | None]]] = {
    "WeCom": ("wecom_corp_id", wecom_of),
    "texts": ("aliyun_sms_template", sms_of),
    "voice calls": ("aliyun_voice_template", voice_of),
}


def look(settings: Settings) -> Iterator[Finding]:
    """Look at those that are switched on, and say which are not."""
    for name, (switch, make) in VENDORS.items():
        if getattr(settings, switch):
            yield _vendor(name, settings, make)
    if settings.aliyun_sms_template or settings.aliyun_voice_template:
        yield _reports(settings)
    if settings.web_push_contact:
        yield _web_push(settings)
    if settings.apprise:
        yield _apprise()
    off = [name for name, (switch, _) in VENDORS.items() if not getattr(settings, switch)]
    if not settings.web_push_contact:
        off.append("Web Push")
    if off:
        yield well("channels not in use", f"{', '.join(off)} (docs/channels.md says what each needs)")


def _vendor(name: str, settings: Settings, make: Callable[[Settings], Checked | None]) -> Finding:
    try:
        channel = make(settings)
    except Misconfigured as error:
        return bad(name, "it is switched on and half set up", str(error))
    if channel is None:
        return well(name, "not in use")
    outcome = asyncio.run(_asked(channel))
    if outcome.result == "accepted":
        return well(name, "the provider takes our credentials; nobody was told anything")
    if outcome.result == "retry":
        return bad(name, outcome.detail, "check the way out (firewall, DNS, proxy); messages are tried again meanwhile")
    return bad(name, outcome.detail, "mend that: until then nobody is reached this way")


async def _asked(channel: Checked) -> Outcome:
    try:
        return await channel.check()
    finally:
        await channel.close()


def _reports(settings: Settings) -> Finding:
    if settings.aliyun_reports_token.get_secret_value():
        return well("reports of texts and calls", "taken from Alibaba Cloud, by the token in its address")
    return warn(
        "reports of texts and calls",
        "ANXIN_ALIYUN_REPORTS_TOKEN is not set: none are taken, and whoever was sent one is tried on the next way too",
        "set it, and enter the address with Alibaba Cloud (docs/channels.md, Reports of Alibaba Cloud)",
    )


def _web_push(settings: Settings) -> Finding:
    contact = settings.web_push_contact or ""
    if not contact.startswith(("mailto:", "https:")):
        return bad("Web Push", f"{contact!r} is no mailto: or https: address", "set ANXIN_WEB_PUSH_CONTACT to one")
    try:
        public = vapid_public_key(settings)
    except Misconfigured as error:
        return bad("Web Push", "its key cannot be read", str(error))
    if settings.private_endpoints and not settings.demo:
        return warn(
            "Web Push",
            "ANXIN_PRIVATE_ENDPOINTS is set: a subscription may lead anywhere in this network",
            "unset it outside closed networks and tests",
        )
    return well("Web Push", f"signed with the key whose public half begins {public[:12]}")


def _apprise() -> Finding:
    if is_installed():
        return well("apprise", "installed; what it sends is never confirmed")
    return bad("apprise", "ANXIN_APPRISE is set, the package is not installed", "pip install 'anxin[apprise]'")

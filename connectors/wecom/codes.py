"""WeCom's error codes (全局错误码), as outcomes with what to do. WeCom says to go by the code, never by its text."""

from __future__ import annotations

from gateway.model.ports import Outcome

#: The token is over or unknown: fetch another and try once more.
TOKEN_OVER = frozenset({40014, 41001, 42001})
#: Seconds to wait by code: its own trouble, too many calls a minute, too many at once.
_LATER: dict[int, float | None] = {-1: None, 45009: 60.0, 45033: 5.0}
#: This member is none, or not within the application's visible range any more.
_GONE = frozenset({40003, 40031, 60111, 81013, 82001})
_DO: dict[int, str] = {
    40001: "the application's secret is wrong: set ANXIN_WECOM_SECRET",
    40013: "the corporation's id is wrong: set ANXIN_WECOM_CORP_ID",
    40056: "the application's number is wrong: set ANXIN_WECOM_AGENT_ID",
    41002: "the corporation's id is missing: set ANXIN_WECOM_CORP_ID",
    41004: "the application's secret is missing: set ANXIN_WECOM_SECRET",
    48002: "the application may not send messages: give it that right in WeCom's administration",
    60020: "add this machine's public address to the trusted addresses of the application (企业可信IP)",
    301002: "the application's number is not this secret's: set ANXIN_WECOM_AGENT_ID",
}


def outcome_of_code(code: int, text: str) -> Outcome:
    """Return what an error code other than 0 means; `text` is WeCom's own, already without secrets."""
    detail = f"errcode {code}: {text}"
    if code in _LATER or code in TOKEN_OVER:
        return Outcome("retry", detail, retry_after=_LATER.get(code))
    if code in _GONE:
        return Outcome("gone", detail)
    return Outcome("refused", f"{_DO[code]} ({detail})" if code in _DO else detail)

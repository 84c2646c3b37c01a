"""Alibaba Cloud's codes for texts and calls, as outcomes with what to do. Business codes come with HTTP 200."""

from __future__ import annotations

from gateway.model.ports import Outcome

#: The number is none.
_GONE = frozenset({"isv.MOBILE_NUMBER_ILLEGAL", "isv.INVALID_CALLED_NUMBER"})
#: Its own trouble, or ours with it for a moment.
_LATER = frozenset(
    {"InternalError", "ServiceUnavailable", "SignatureNonceUsed", "isv.FLOW_LIMIT", "isv.ACCESS_LIMIT_CONTROL"}
)
_LIMIT = "isv.BUSINESS_LIMIT_CONTROL"
#: Limits for one number: a minute's is waited for; over the hour's or the day's, another way to the person is better.
_MINUTE_S = 60.0
_LONG_LIMITS = ("小时", "天级", "日级", "hour", "day")
_DO: dict[str, str] = {
    "isv.AMOUNT_NOT_ENOUGH": "the account has no credit left: top it up",
    "isv.OUT_OF_SERVICE": "the account is stopped for want of credit: top it up",
    "isv.SMS_SIGNATURE_ILLEGAL": "the signature is not approved: set ANXIN_ALIYUN_SMS_SIGN to one that is",
    "isv.SMS_SIGN_ILLEGAL": "the signature may not be used: apply for one that may",
    "isv.SIGN_STATE_ILLEGAL": "the signature is not in use any more: look at it in the provider's console",
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": "signature and template are of different sorts: use a general signature (通用)",
    "isv.SMS_TEMPLATE_ILLEGAL": "the template is not approved: set ANXIN_ALIYUN_SMS_TEMPLATE to one that is",
    "isv.TEMPLATE_MISSING_PARAMETERS": "the template asks for other variables than kind, priority, area, incident",
    "isv.TTS_TEMPLATE_ILLEGAL": "the voice template is not approved: set ANXIN_ALIYUN_VOICE_TEMPLATE to one that is",
    "isv.DAY_LIMIT_CONTROL": "the account's own limit for a day is reached: raise it in the provider's console",
    "isv.MONTH_LIMIT_CONTROL": "the account's own limit for a month is reached: raise it in the provider's console",
    "isv.DENY_IP_RANGE": "this machine's public address is not one of mainland China",
    "isp.RAM_PERMISSION_DENY": "the key has no right to this: grant it in RAM",
    "isv.RAM_PERMISSION_DENY": "the key has no right to this: grant it in RAM",
    "Forbidden.RAM": "the key has no right to this: grant it in RAM",
    "isv.PRODUCT_UN_SUBSCRIPT": "the service is not switched on for this account",
    "isv.PRODUCT_UNSUBSCRIBE": "the service is not switched on for this account",
    "InvalidAccessKeyId.NotFound": "the key is not known: set ANXIN_ALIYUN_KEY_ID",
    "InvalidAccessKeyId.Inactive": "the key is switched off: set ANXIN_ALIYUN_KEY_ID to one that is not",
    "SignatureDoesNotMatch": "the key's secret is wrong: set ANXIN_ALIYUN_KEY_SECRET",
    "InvalidTimeStamp.Expired": "this machine's clock is off by more than 15 minutes: set it",
}


def is_of_the_account(code: str) -> bool:
    """Say whether a code complains of our account, key, right or clock, and not of what was asked."""
    return code in _DO or not code.startswith("isv.")


def outcome_of_code(code: str, text: str, *, retry_after: float | None = None) -> Outcome:
    """Return what a code other than OK means; `text` is theirs, already without numbers and secrets."""
    detail = f"{code}: {text}"
    if code == _LIMIT:
        if any(word in text.lower() for word in _LONG_LIMITS):
            return Outcome("refused", f"the provider's limit for this number is reached ({detail})")
        return Outcome("retry", detail, retry_after=retry_after or _MINUTE_S, of_recipient=True)
    if code.startswith("Throttling") or code in _LATER or (code.startswith("isp.") and code not in _DO):
        return Outcome("retry", detail, retry_after=retry_after)
    if code in _GONE:
        return Outcome("gone", detail)
    return Outcome("refused", f"{_DO[code]} ({detail})" if code in _DO else detail)

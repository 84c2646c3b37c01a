"""What an answer asks for, of each object of a batch: done, again, registered anew first, or never.

After the table of StatusCodes in GA/T 1400.4 and what platforms do besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from connectors.gat1400.answers import Reply, Status

#: `limited`: again, but not for ever. `register`: registered anew, then again. `refused_once`: registered anew and
#: again once; who says it then means it. `never`: the object is at fault.
Action = Literal["done", "again", "limited", "register", "refused_once", "never"]
OTHER_ERROR, INVALID = 1, 4
_CODES: dict[int, Action] = {
    0: "done", 101: "done",  # 101: registered already
    OTHER_ERROR: "limited", -1: "limited", 500: "limited",
    2: "again", 3: "again", 103: "again",  # 103: another address than the platform expects: somebody mends that
    INVALID: "refused_once", 9: "register", 102: "register",
    5: "never", 6: "never", 7: "never", 8: "never", 104: "never",
}  # fmt: skip
_HTTP: dict[int, Action] = {
    401: "register", 403: "register", 400: "never", 413: "never", 415: "never", 422: "never",
    404: "limited", 405: "limited",
}  # fmt: skip
_SAID = {
    2: "the platform is busy", 3: "the platform has an error", 4: "the platform calls it invalid",
    7: "the platform reads no JSON in it", 8: "the platform finds its content wrong", 9: "the platform has restarted",
    102: "the platform does not know us", 103: "the platform expects us at another address",
    104: "the platform misses a field",
}  # fmt: skip


class Verdict(NamedTuple):
    """What is to be done about an object, and why in one line."""

    action: Action
    why: str = ""


def action_of(code: int) -> Action:
    """Return what a StatusCode asks for. One that nobody knows is an «other error»."""
    return _CODES.get(code, _CODES[OTHER_ERROR])


def verdicts(ids: Sequence[str], reply: Reply) -> list[Verdict]:
    """Return of each object of a batch, told by their identifiers, what its answer asks for.

    The answers' own identifiers count; where they have none, their order. One answer for several objects is of all.
    """
    whole = _of_http(reply)
    if whole is not None:
        return [whole] * len(ids)
    by_id = {one.id: one for one in reply.statuses if one.id}
    if len(reply.statuses) == 1 and not (len(ids) > 1 and reply.statuses[0].id in ids):
        return [_of_status(reply.statuses[0])] * len(ids)
    in_order = len(reply.statuses) == len(ids)
    found = []
    for place, own in enumerate(ids):
        status = by_id.get(own) or (reply.statuses[place] if in_order else None)
        found.append(_of_status(status) if status else Verdict("limited", "the platform's answer says nothing of it"))
    return found


def _of_http(reply: Reply) -> Verdict | None:
    """Return what the HTTP status says of the whole request, None where the StatusCodes count."""
    if reply.http in {200, 201}:
        return None if reply.statuses else Verdict("limited", f"HTTP {reply.http} without a StatusCode")
    if not reply.http:
        return Verdict("again", reply.why or "no answer")
    said = reply.statuses[0].text if reply.statuses else ""
    return Verdict(_HTTP.get(reply.http, "again"), f"HTTP {reply.http} {said}".strip())


def _of_status(status: Status) -> Verdict:
    action = action_of(status.code)
    if action == "done":
        return Verdict(action)
    said = _SAID.get(status.code, "the platform failed")
    return Verdict(action, f"StatusCode {status.code}, {said}{': ' if status.text else ''}{status.text}")

"""The state machine of an incident: every state × act × role, and sequences of acts by several people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.incidents import clocks
from gateway.incidents.actor import Actor
from gateway.incidents.decide import Asked, Decision, decide, may
from gateway.incidents.earlier import ASSIST, CLOCKS, PROPOSED, Overtaken, signed_by
from gateway.incidents.proposal import needs_two
from gateway.incidents.trail import known_of
from gateway.media_types import is_what_it_says
from gateway.model.errors import BadInput, Conflict, Forbidden
from gateway.model.incident import (
    ACTS,
    ANSWERED,
    DISPOSITIONS,
    OPEN,
    OVER,
    TAKEN_BACK_WITHIN_S,
    TAKES_TWO,
    UNANSWERED,
    Incident,
)
from gateway.model.person import Person
from gateway.model.policy import Policy
from gateway.model.registry import Device, Place, Registry, Station
from gateway.model.scope import Scope

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
POLICY = Policy()
#: By when somebody should have acknowledged what was acknowledged and taken back.
WAS_DUE = NOW + timedelta(seconds=12)
ROLES = ("operator", "commander", "officer", "grid_worker", "auditor", "admin")

#: Where each act leads from each state, by hand: each part begins with the acts, `.` is no way, `=` stays as it is.
WAYS_THROUGH = """
             ack          dispatch   sign   assist decline depart   arrive   handle
new          acknowledged dispatched signed .      =       .        .        .
acknowledged .            dispatched signed .      =       .        .        .
dispatched   .            dispatched signed .      =       .        .        .
reopened     .            dispatched signed .      =       .        .        .
signed       .            dispatched .      =      .       departed on_scene handled
departed     .            .          .      =      .       .        on_scene handled
on_scene     .            .          .      =      .       .        .        handled
handled      .            .          .      .      .       .        .        .
closed       .            .          .      .      .       .        .        .
merged       .            .          .      .      .       .        .        .
cancelled    .            .          .      .      .       .        .        .

             close  withdraw reopen   merge  cancel    note unack
new          closed =        .        merged cancelled =    .
acknowledged closed =        .        merged cancelled =    new
dispatched   closed =        .        merged cancelled =    .
reopened     closed =        .        merged cancelled =    .
signed       closed =        .        merged cancelled =    .
departed     closed =        .        merged cancelled =    .
on_scene     closed =        .        merged cancelled =    .
handled      closed =        .        merged cancelled =    .
closed       .      .        reopened .      .         =    .
merged       .      .        .        .      .         =    .
cancelled    .      .        reopened .      .         =    .
"""
#: Who may do what, by hand: o(perator), c(ommander), p (officer), g(rid worker).
WHO = {
    "ack": "oc", "dispatch": "oc", "sign": "ocp", "assist": "cp", "decline": "cp", "depart": "ocp", "arrive": "ocp",
    "handle": "ocp", "close": "ocp", "withdraw": "ocp", "reopen": "oc", "merge": "oc", "cancel": "oc", "note": "ocpg",
    "unack": "oc",
}  # fmt: skip
LETTER = {"operator": "o", "commander": "c", "officer": "p", "grid_worker": "g"}
PARTS = [[row.split() for row in part.splitlines() if row.strip()] for part in WAYS_THROUGH.split("\n\n")]
TABLE = {(row[0], act): way for acts, *rows in PARTS for row in rows for act, way in zip(acts, row[1:], strict=True)}
NAMES = [act for acts, *_ in PARTS for act in acts]
STATES = tuple(row[0] for row in PARTS[0][1:])


def incident(state: str = "new", **more: Any) -> Incident:
    fields: dict[str, Any] = {
        "station": "s", "priority": "P2", "title": {"zh": "警情", "en": "incident"}, "opened_at": NOW,
        "changed_at": NOW, "ladder": [], "id": 7, "state": state, "origin": "person", "opened_by": "somebody",
        "version": 4,
    }  # fmt: skip
    return Incident(**{**fields, **more})


def as_before(state: str, act: str) -> Incident:
    """An incident in a state, with what an act needs there to be."""
    mine = {"disposition": "nuisance", "by": "a", "at": NOW.isoformat()} if act == "withdraw" else None
    return incident(state, merged_into=9 if state == "merged" else None, proposed=mine)


def lines_before(act: str) -> list[dict[str, Any]]:
    """What stands in the timeline before an act that needs something there: `a` acknowledged it a moment ago."""
    if act != "unack":
        return []
    return [
        {
            "at": NOW, "actor": "a", "act": "ack", "from_state": "new", "to_state": "acknowledged", "version": 3,
            "detail": {"clock": {"due_at": WAS_DUE.isoformat(), "overdue": 1}}, "client_id": None,
        }
    ]  # fmt: skip


def who(username: str = "a", role: str = "operator", after_s: float = 0) -> Actor:
    return Actor(username, role, Scope("s"), NOW + timedelta(seconds=after_s))


def asked(act: str, **more: Any) -> Asked:
    """An act with all that is to be said with it."""
    said: dict[str, Any] = {
        "close": {"disposition": "real"}, "dispatch": {"assignees": ("x",)}, "handle": {"text": "done"},
        "reopen": {"reason": "why"}, "cancel": {"reason": "why"}, "note": {"text": "so"}, "merge": {"into": 8},
    }.get(act, {})  # fmt: skip
    return Asked(act, **{**said, **more})


def line(before: Incident, actor: Actor, decision: Decision, client_id: str | None = None) -> dict[str, Any]:
    """The line of the timeline a decision leaves, as `gateway.incidents.effects` writes it."""
    return {
        "at": actor.at, "actor": actor.username, "act": decision.act, "from_state": before.state,
        "to_state": decision.incident.state, "detail": decision.detail, "version": before.version,
        "client_id": client_id,
    }  # fmt: skip


def after(decision: Decision) -> Incident:
    """An incident once its decision is written down."""
    moved = decision.act != "note"
    return msgspec.structs.replace(decision.incident, version=decision.incident.version + moved)


# ── the table ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_table_is_whole() -> None:
    assert set(STATES) == OPEN | OVER
    assert set(NAMES) == set(ACTS) == set(WHO)
    assert len(TABLE) == len(STATES) * len(NAMES)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("act", NAMES)
@pytest.mark.parametrize("state", STATES)
def test_every_state_act_and_role(state: str, act: str, role: str) -> None:
    before = as_before(state, act)
    actor = who(role=role)
    way = TABLE[state, act]
    allowed = LETTER.get(role, "?") in WHO[act]
    lines = lines_before(act)
    assert (act in may(before, actor, lines)) == (allowed and way != ".")
    if not allowed:
        with pytest.raises(Forbidden, match=role):
            decide(before, asked(act), actor, lines, POLICY)
        return
    if way == ".":
        with pytest.raises(Overtaken) as refusal:
            decide(before, asked(act), actor, lines, POLICY)
        assert refusal.value.facts["state"] == state
        assert state in str(refusal.value)
        return
    decision = decide(before, asked(act), actor, lines, POLICY)
    now = decision.incident
    assert not decision.repeated
    assert now.state == (state if way == "=" else way)
    assert (now.closed_at is not None) == (now.state in OVER) or act == "note"
    if way == "=":
        assert (now.due_at, now.overdue, now.disposition) == (before.due_at, before.overdue, before.disposition)
    elif act == "unack":
        assert (now.due_at, now.overdue) == (WAS_DUE, 1), "as if nobody had taken it"
    else:
        deadline = POLICY.deadline("P2", now.state) if now.state in OPEN else None
        assert now.due_at == (NOW + timedelta(seconds=deadline) if deadline is not None else None)
        assert now.overdue == 0


# ── what is to be said ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("act", "state", "said"),
    [
        ("close", "handled", {"disposition": None}),
        ("close", "handled", {"disposition": "whatever"}),
        ("dispatch", "new", {"assignees": ()}),
        ("handle", "signed", {"text": "  "}),
        ("handle", "signed", {"text": None}),
        ("reopen", "closed", {"reason": None}),
        ("cancel", "new", {"reason": ""}),
        ("note", "new", {"text": None}),
        ("merge", "new", {"into": None}),
    ],
)
def test_what_an_act_needs(act: str, state: str, said: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        decide(incident(state), asked(act, **said), who(), (), POLICY)


def test_whoever_goes_is_on_it() -> None:
    signed = decide(incident(), asked("sign"), who("o", "officer"), (), POLICY).incident
    assert signed.assignees == ["o"]
    assert decide(incident(), asked("sign"), who("desk", "operator"), (), POLICY).incident.assignees == []
    arrived = decide(signed, asked("arrive"), who("p", "officer"), (), POLICY).incident
    assert arrived.assignees == ["o", "p"]
    assert decide(arrived, asked("handle"), who("o", "officer"), (), POLICY).incident.assignees == ["o", "p"]
    sent = decide(arrived.__copy__(), asked("note"), who("q", "officer"), (), POLICY).incident
    assert sent.assignees == ["o", "p"]
    gone = decide(incident("dispatched", assignees=["o", "p"]), asked("decline"), who("o", "officer"), (), POLICY)
    assert (gone.incident.assignees, gone.incident.state) == (["p"], "dispatched")


# ── who was faster, and what was asked twice ────────────────────────────────────────────────────────────


def test_a_version_that_was_overtaken_is_refused_with_who_did_what() -> None:
    first, second = who("first"), who("second", after_s=5)
    decision = decide(incident(), asked("ack"), first, (), POLICY)
    now, lines = after(decision), [line(incident(), first, decision)]
    with pytest.raises(Overtaken) as refusal:
        decide(now, asked("close", version=4), second, lines, POLICY)
    assert refusal.value.facts == {
        "state": "acknowledged", "version": 5, "by": "first", "act": "ack", "at": NOW.isoformat(),
    }  # fmt: skip
    assert isinstance(refusal.value, Conflict)
    assert decide(now, asked("close", version=5), second, lines, POLICY).incident.state == "closed"
    with pytest.raises(Overtaken):
        decide(now, asked("close", version=6), second, lines, POLICY)


def test_what_the_clocks_wrote_overtakes_nobody() -> None:
    late = incident(version=6)
    lines = [
        {"at": NOW, "actor": "anxin", "act": act, "from_state": "new", "to_state": "new", "detail": {}, "version": seen}
        for act, seen in zip(sorted(CLOCKS), (4, 5), strict=True)
    ]
    for seen in (4, 5, 6):
        assert decide(late, asked("sign", version=seen), who(), lines, POLICY).incident.state == "signed"
    with pytest.raises(Overtaken):
        decide(late, asked("sign", version=3), who(), lines, POLICY)
    with pytest.raises(Overtaken):
        decide(msgspec.structs.replace(late, version=7), asked("sign", version=4), who(), lines, POLICY)


def chain(now: Incident, acts: tuple[str, ...], actor: Actor) -> tuple[Incident, list[dict[str, Any]]]:
    """What comes of acts done one after the other without a network: each is sent with the version seen before all."""
    seen, lines = now.version, []
    for act in acts:
        decision = decide(now, asked(act, version=seen), actor, lines, POLICY)
        lines.append(line(now, actor, decision))
        now = after(decision)
    return now, lines


def test_what_i_did_myself_overtakes_me_not() -> None:
    officer = who("o", "officer")
    sent = incident("dispatched", assignees=["o"])
    now, lines = chain(sent, ("sign", "depart", "arrive", "handle", "close"), officer)
    assert (now.state, now.version, len(lines)) == ("closed", sent.version + 5, 5)


def test_that_i_opened_it_is_no_move_of_mine() -> None:
    mine = {
        "at": NOW, "actor": "a", "act": "opened", "from_state": None, "to_state": "new", "detail": {}, "version": 1,
        "client_id": None,
    }  # fmt: skip
    before = incident(version=1)
    decision = decide(before, asked("dispatch"), who("desk"), [mine], POLICY)
    with pytest.raises(Overtaken):
        decide(after(decision), asked("close", version=1), who(), [mine, line(before, who("desk"), decision)], POLICY)


@pytest.mark.parametrize("act", ["handle", "close", "arrive"])
def test_what_came_between_my_own_acts_counts_as_ever(act: str) -> None:
    officer = who("o", "officer")
    sent = incident("dispatched", assignees=["o"])
    now, lines = chain(sent, ("sign", "depart"), officer)
    more = {**lines[-1], "actor": "anxin", "act": "joined", "from_state": None, "to_state": None, "detail": {}}
    lines.append({**more, "version": now.version})
    now = msgspec.structs.replace(now, version=now.version + 1)
    late = asked(act, version=sent.version)
    if act == "arrive":  # answers for nothing of what came
        assert decide(now, late, officer, lines, POLICY).incident.state == "on_scene"
        return
    with pytest.raises(Overtaken) as refusal:
        decide(now, late, officer, lines, POLICY)
    assert refusal.value.facts["act"] == "joined"


def test_another_ones_move_between_my_own_is_told() -> None:
    officer, desk = who("o", "officer"), who("desk")
    sent = incident("dispatched", assignees=["o"])
    now, lines = chain(sent, ("sign",), officer)
    decision = decide(now, asked("depart", version=now.version), desk, lines, POLICY)
    lines.append(line(now, desk, decision))
    with pytest.raises(Overtaken) as refusal:
        decide(after(decision), asked("arrive", version=sent.version), officer, lines, POLICY)
    assert refusal.value.facts["by"] == "desk"


@pytest.mark.parametrize(
    ("act", "state"), [(act, state) for (state, act), way in TABLE.items() if way != "." and act != "note"]
)
def test_a_lost_answer_asked_again_is_the_same_answer(act: str, state: str) -> None:
    actor = who(role="commander")
    before = as_before(state, act)
    earlier = lines_before(act)
    decision = decide(before, asked(act, version=4), actor, earlier, POLICY)
    now, lines = after(decision), [*earlier, line(before, actor, decision)]
    again = decide(now, asked(act, version=4), actor, lines, POLICY)
    assert (again.repeated, again.incident) == (True, now)
    if act in {"decline", "assist"}:
        return  # somebody else may not be able to come either, or come too
    try:
        other = decide(now, asked(act), who("other", "commander"), lines, POLICY)
    except Overtaken:
        return
    assert not other.repeated, "somebody else's act is their own"


def test_another_disposition_is_no_repetition() -> None:
    decision = decide(incident(), asked("close"), who(), (), POLICY)
    with pytest.raises(Overtaken):
        decide(
            after(decision), asked("close", disposition="duplicate"), who(), [line(incident(), who(), decision)], POLICY
        )


def test_a_note_is_a_repetition_by_its_client_id_only() -> None:
    decision = decide(incident(), asked("note", client_id="n"), who(), (), POLICY)
    lines = [line(incident(), who(), decision, "n")]
    assert decide(incident(), asked("note", client_id="n"), who(), lines, POLICY).repeated
    assert not decide(incident(), asked("note", client_id="m"), who(), lines, POLICY).repeated
    assert not decide(incident(), asked("note"), who(), lines, POLICY).repeated
    assert not decide(incident(), asked("note", client_id="n"), who("b"), lines, POLICY).repeated


# ── an acknowledgement taken back ───────────────────────────────────────────────────────────────────────


def acknowledged(**more: Any) -> tuple[Incident, Incident, list[dict[str, Any]]]:
    """An incident before and after `a` acknowledged it, and its line."""
    before = incident(due_at=WAS_DUE, overdue=1, **more)
    decision = decide(before, asked("ack"), who(), (), POLICY)
    return before, after(decision), [line(before, who(), decision)]


def test_an_acknowledgement_is_taken_back_as_if_it_had_never_been() -> None:
    before, now, lines = acknowledged()
    assert (now.due_at, now.overdue) != (before.due_at, before.overdue)
    at = who(after_s=TAKEN_BACK_WITHIN_S)
    assert "unack" in may(now, at, lines)
    decision = decide(now, asked("unack", version=now.version), at, lines, POLICY)
    assert msgspec.structs.replace(decision.incident, changed_at=NOW, version=4) == before
    lines.append(line(now, at, decision))
    gone = after(decision)
    assert decide(gone, asked("unack"), at, lines, POLICY).repeated
    again = decide(gone, asked("ack"), at, lines, POLICY)
    assert (again.repeated, again.incident.state) == (False, "acknowledged"), "the right one this time"


def test_only_who_acknowledged_takes_it_back_and_only_at_once() -> None:
    _, now, lines = acknowledged()
    late = who(after_s=TAKEN_BACK_WITHIN_S + 0.001)
    for actor, error in ((who("b", "commander"), Forbidden), (late, Conflict)):
        assert "unack" not in may(now, actor, lines)
        with pytest.raises(error):
            decide(now, asked("unack"), actor, lines, POLICY)


@pytest.mark.parametrize(
    ("act", "actor"), [("joined", "anxin"), ("sounded_again", "anxin"), ("decline", "blue"), (PROPOSED, "b")]
)
def test_what_has_happened_since_stands(act: str, actor: str) -> None:
    _, now, lines = acknowledged()
    state = now.state
    lines.append(
        {"at": NOW, "actor": actor, "act": act, "from_state": state, "to_state": state, "detail": {}, "version": 5}
    )
    with pytest.raises(Overtaken, match=act) as refusal:
        decide(now, asked("unack"), who(after_s=2), lines, POLICY)
    assert (refusal.value.facts["by"], refusal.value.facts["act"]) == (actor, act)
    assert "unack" not in may(now, who(after_s=2), lines)


@pytest.mark.parametrize("act", ["escalated", "expired", "unreachable", "note", "attached", *sorted(CLOCKS)])
def test_what_the_ladder_said_and_people_wrote_is_nothing_that_happened(act: str) -> None:
    _, now, lines = acknowledged()
    lines.append(
        {"at": NOW, "actor": "anxin", "act": act, "from_state": "acknowledged", "to_state": "acknowledged",
         "detail": {}, "version": 5}
    )  # fmt: skip
    assert decide(now, asked("unack"), who(after_s=2), lines, POLICY).incident.state == "new"


# ── one more comes ──────────────────────────────────────────────────────────────────────────────────────


def sent_and_signed(state: str = "signed") -> tuple[Incident, list[dict[str, Any]]]:
    """Blue and green were sent, blue has signed and is on the way as far as a state says; it is late by now."""
    desk, blue, now = who("desk"), who("blue", "officer"), incident()
    lines: list[dict[str, Any]] = []
    acts = [(desk, asked("dispatch", assignees=("blue", "green"))), (blue, asked("sign"))]
    acts += [(blue, asked(act)) for act in {"departed": ["depart"], "on_scene": ["depart", "arrive"]}.get(state, [])]
    for actor, one in acts:
        decision = decide(now, one, actor, lines, POLICY)
        lines.append(line(now, actor, decision))
        now = after(decision)
    return msgspec.structs.replace(now, overdue=1), lines


@pytest.mark.parametrize("act", ["sign", "assist"])
@pytest.mark.parametrize("state", ["signed", "departed", "on_scene"])
def test_the_second_one_who_was_sent_says_that_they_come_too(state: str, act: str) -> None:
    now, lines = sent_and_signed(state)
    green = who("green", "officer", after_s=30)
    assert "assist" in may(now, green, lines)
    decision = decide(now, asked(act, version=5), green, lines, POLICY)  # seen before anybody signed
    assert (decision.act, decision.repeated) == (ASSIST, False)
    too = after(decision)
    assert (too.state, too.due_at, too.overdue) == (state, now.due_at, 1), "the clock is that of the first"
    assert too.assignees == ["blue", "green"]
    assert signed_by([*lines, line(now, green, decision)]) == {"blue", "green"}
    lines.append(line(now, green, decision))
    for again in ("sign", "assist"):
        for one in (green, who("blue", "officer")):
            assert decide(too, asked(again), one, lines, POLICY).repeated, "said once"
    assert "assist" not in may(too, green, lines)
    further = {"signed": "depart", "departed": "arrive", "on_scene": "handle"}[state]
    assert (
        decide(too, asked(further, version=now.version), who("blue", "officer"), lines, POLICY).incident.state
        == (TABLE[state, further])
    ), "that one more comes makes nobody's act wrong"


def test_whoever_was_not_sent_says_so_in_so_many_words() -> None:
    now, lines = sent_and_signed()
    with pytest.raises(Overtaken) as refusal:
        decide(now, asked("sign"), who("red", "officer"), lines, POLICY)
    assert (refusal.value.facts["by"], refusal.value.facts["act"]) == ("blue", "sign")
    decision = decide(now, asked("assist"), who("red", "officer"), lines, POLICY)
    assert decision.incident.assignees == ["blue", "green", "red"]


def test_sending_others_knows_of_whoever_came_too() -> None:
    now, lines = sent_and_signed()
    decision = decide(now, asked("assist"), who("red", "officer"), lines, POLICY)
    lines.append(line(now, who("red", "officer"), decision))
    with pytest.raises(Overtaken) as refusal:
        decide(after(decision), asked("dispatch", version=now.version), who("desk"), lines, POLICY)
    assert refusal.value.facts["by"] == "red"


def test_sent_anew_everybody_has_yet_to_sign() -> None:
    now, lines = sent_and_signed()
    decision = decide(now, asked("dispatch", assignees=("blue", "green")), who("desk"), lines, POLICY)
    assert decision.detail["climbs"], "nobody has signed: the ladder is climbed anew"
    assert "climbs" not in decide(incident(), asked("dispatch"), who(), (), POLICY).detail, "it is climbed already"
    lines.append(line(now, who("desk"), decision))
    assert signed_by(lines) == frozenset()
    signed = decide(after(decision), asked("sign"), who("green", "officer"), lines, POLICY)
    assert (signed.act, signed.repeated, signed.incident.state) == ("sign", False, "signed")


# ── four eyes, cancelling ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("priority", ["P1", "P2", "P3", "P4"])
@pytest.mark.parametrize("disposition", DISPOSITIONS)
@pytest.mark.parametrize("drill", [True, False])
def test_which_closing_needs_two(priority: str, disposition: str, drill: bool) -> None:
    before = incident(priority=priority, drill=drill)
    decision = decide(before, asked("close", disposition=disposition), who(), (), POLICY)
    two = priority == "P1" and disposition in TAKES_TWO and not drill
    assert (disposition in TAKES_TWO) == (disposition not in {"real", "handed_over"}), "or something real did happen"
    assert needs_two(before, disposition) == two
    assert (decision.act, decision.incident.state) == ((PROPOSED, "new") if two else ("close", "closed"))


@pytest.mark.parametrize("role", ["operator", "commander", "officer"])
def test_the_second_person_is_another_one_of_the_command_room(role: str) -> None:
    first = who("first", "officer")
    false = asked("close", disposition="nuisance")
    decision = decide(incident("handled", priority="P1"), false, first, (), POLICY)
    proposed, lines = after(decision), [line(incident("handled"), first, decision)]
    assert proposed.proposed == {"disposition": "nuisance", "by": "first", "at": NOW.isoformat()}
    assert decide(proposed, false, first, lines, POLICY).repeated
    if role == "officer":
        with pytest.raises(Forbidden, match="first"):
            decide(proposed, false, who("second", role), lines, POLICY)
        return
    agreed = decide(proposed, false, who("second", role), lines, POLICY)
    assert (agreed.incident.state, agreed.incident.proposed, agreed.detail["agreed_with"]["by"]) == (
        "closed", None, "first",
    )  # fmt: skip
    other = decide(proposed, asked("close", disposition="unfounded"), who("second", role), lines, POLICY)
    assert (other.act, other.incident.proposed or {}) == (
        PROPOSED, {"disposition": "unfounded", "by": "second", "at": NOW.isoformat()},
    )  # fmt: skip


def test_the_first_person_is_no_second_one_whatever_happened_between() -> None:
    first, false, before = who("first"), asked("close", disposition="nuisance"), incident(priority="P1")
    decision = decide(before, false, first, (), POLICY)
    now, lines = after(decision), [line(before, first, decision)]
    declined = decide(now, asked("decline"), who("p", "officer"), lines, POLICY)
    assert declined.incident.proposed == now.proposed, "whoever cannot come says nothing of it"
    lines.append(line(now, who("p", "officer"), declined))
    again = decide(after(declined), false, first, lines, POLICY)
    assert (again.act, again.incident.state) == (PROPOSED, "new")


@pytest.mark.parametrize(
    ("username", "role", "allowed"),
    [
        ("first", "officer", True),
        ("second", "officer", False),
        ("second", "operator", True),
        ("second", "commander", True),
    ],
)
def test_a_proposal_is_withdrawn_by_who_made_it_or_the_command_room(username: str, role: str, allowed: bool) -> None:
    first, false, before = who("first", "officer"), asked("close", disposition="nuisance"), incident(priority="P1")
    decision = decide(before, false, first, (), POLICY)
    now, lines, actor = after(decision), [line(before, first, decision)], who(username, role)
    assert ("withdraw" in may(now, actor)) == allowed
    if not allowed:
        with pytest.raises(Forbidden, match="first"):
            decide(now, asked("withdraw"), actor, lines, POLICY)
        return
    if username != "first":  # who proposed it knows of it
        with pytest.raises(Overtaken):
            decide(now, asked("withdraw", version=before.version), actor, lines, POLICY)
    gone = decide(now, asked("withdraw", version=now.version), actor, lines, POLICY)
    assert (gone.incident.proposed, gone.incident.state) == (None, "new")
    assert gone.detail == {"withdrawn": {"disposition": "nuisance", "by": "first"}}
    lines.append(line(now, actor, gone))
    assert decide(after(gone), asked("withdraw", version=now.version), actor, lines, POLICY).repeated
    with pytest.raises(Overtaken) as refusal:
        decide(after(gone), asked("withdraw"), who("third"), lines, POLICY)
    assert refusal.value.facts["act"] == "withdraw"
    again = decide(after(gone), false, who("third", "commander"), lines, POLICY)
    assert again.act == PROPOSED, "a first person again"


def test_what_overtakes_a_proposal_is_told_to_who_would_agree() -> None:
    first, false = who("first"), asked("close", disposition="nuisance", version=5)
    decision = decide(incident(priority="P1"), asked("close", disposition="nuisance"), first, (), POLICY)
    now, lines = after(decision), [line(incident(priority="P1"), first, decision)]
    joined = {
        "at": NOW, "actor": "anxin", "act": "joined", "from_state": None, "to_state": None, "version": now.version,
        "detail": {"alert": 3, "withdrawn": {"disposition": "nuisance", "by": "first"}}, "client_id": None,
    }  # fmt: skip
    later = msgspec.structs.replace(now, proposed=None, version=now.version + 1)
    with pytest.raises(Overtaken) as refusal:
        decide(later, false, who("second"), [*lines, joined], POLICY)
    assert (refusal.value.facts["by"], refusal.value.facts["act"]) == ("anxin", "joined")


def test_what_may_be_cancelled() -> None:
    by_rule = {"origin": "alert", "opened_by": None}
    cancel = asked("cancel")
    with pytest.raises(BadInput, match="disposition"):
        decide(incident(**by_rule), cancel, who(), (), POLICY)
    for yes in (incident(**by_rule, drill=True), incident()):
        assert decide(yes, cancel, who(), (), POLICY).incident.state == "cancelled"
    for reported in (by_rule, {}):
        gone = decide(incident(**reported), cancel, who(), (), POLICY, stand=False)
        assert gone.incident.state == "cancelled", "all its alerts were taken back"
        with pytest.raises(BadInput, match="disposition"):
            decide(incident(**reported), cancel, who(), (), POLICY, stand=True)
        assert "cancel" not in may(incident(**reported), who(), stand=True)
    grave = incident(priority="P1", opened_by="a")
    for stand in (None, False):  # also when an alert joined it and was taken back
        with pytest.raises(Forbidden, match="colleague"):
            decide(grave, cancel, who("a"), (), POLICY, stand=stand)
        assert "cancel" not in may(grave, who("a"), stand=stand)
    assert decide(grave, cancel, who("b"), (), POLICY).incident.state == "cancelled"


# ── sequences ───────────────────────────────────────────────────────────────────────────────────────────

PEOPLE = (("desk", "operator"), ("chief", "commander"), ("blue", "officer"), ("green", "officer"), ("w", "grid_worker"))
SEQUENCES = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(sorted(ACTS)),
        st.sampled_from(DISPOSITIONS),
        st.sampled_from([None, 0, 1]),  # the version seen: not said, the present one, one before
    ),
    max_size=25,
)


@given(SEQUENCES, st.sampled_from(["P1", "P2", "P3", "P4"]), st.booleans())
def test_whatever_people_do_in_whatever_order(
    sequence: list[tuple[tuple[str, str], str, str, int | None]], priority: str, drill: bool
) -> None:
    now = incident(priority=priority, drill=drill, version=1)
    lines: list[dict[str, Any]] = []
    for number, ((username, role), act, disposition, behind) in enumerate(sequence):
        actor = who(username, role, number)
        seen = now.version - behind if behind is not None else None
        try:
            decision = decide(
                now, asked(act, disposition=disposition if act == "close" else None, version=seen), actor, lines, POLICY
            )
        except (Forbidden, BadInput, Conflict):
            continue
        if decision.repeated:
            assert (lines[-1]["actor"] == username) or act == "note" or now == decision.incident
            continue
        assert decision.incident.version == now.version, "the store grows it, by one"
        before = now
        lines.append(line(now, actor, decision))
        now = after(decision)
        _must_make_sense(now, lines)
        if decision.act == ASSIST:
            assert (now.state, now.due_at, now.overdue) == (before.state, before.due_at, before.overdue)
            assert before.state in ANSWERED
            assert username in now.assignees
            assert username not in signed_by(lines[:-1]), "said once"
        if decision.act == "withdraw":
            assert (before.proposed is not None, now.proposed) == (True, None)
        if decision.act == "unack":
            (taken,) = [step for step in lines[:-1] if step["act"] == "ack"][-1:]
            assert taken["actor"] == username
            assert (before.state, now.state) == ("acknowledged", "new")
            assert number - (taken["at"] - NOW).total_seconds() <= TAKEN_BACK_WITHIN_S
        if now.state in UNANSWERED and before.state in ANSWERED:
            assert decision.detail["climbs"], "nobody is on it any more"


def _must_make_sense(now: Incident, lines: list[dict[str, Any]]) -> None:
    assert (now.closed_at is not None) == (now.state in OVER)
    assert (now.disposition is not None) == (now.state == "closed")
    assert (now.merged_into is not None) == (now.state == "merged")
    assert now.due_at is None or now.state in OPEN
    assert len(set(now.assignees)) == len(now.assignees)
    if now.proposed is not None:
        assert now.state in OPEN
        assert now.priority == "P1"
        assert not now.drill
    assert now.version == 1 + sum(step["act"] != "note" for step in lines), "by one per move"
    states = ["new", *(step["to_state"] for step in lines)]
    assert [step["from_state"] for step in lines] == states[:-1], "each line begins where the one before ended"
    assert states[-1] == now.state
    if now.state == "closed" and needs_two(now, now.disposition):
        last, first = [step for step in lines if step["act"] in {"close", PROPOSED}][:-3:-1]
        assert (last["act"], first["act"]) == ("close", PROPOSED)
        assert first["actor"] != last["actor"], "two different people"
        assert first["detail"]["disposition"] == now.disposition


# ── clocks, pictures, trail ─────────────────────────────────────────────────────────────────────────────


@given(st.sampled_from(STATES), st.integers(0, 2), st.integers(-100, 100_000), st.floats(0, 10))
def test_late_is_urged_once_supervised_once(state: str, overdue: int, late_s: int, times: float) -> None:
    policy = Policy(supervised_after=times)
    due_at = None if overdue == clocks.SUPERVISED else NOW
    happens = clocks.late(incident(state, due_at=due_at, overdue=overdue), policy, NOW + timedelta(seconds=late_s))
    if due_at is None or late_s < 0 or state in OVER:
        assert happens is None
        return
    assert happens is not None
    deadline = policy.deadline("P2", state)
    assert deadline is not None
    if overdue == 0:
        assert (happens.act, happens.overdue) == ("urged", 1)
        assert happens.due_at == NOW + timedelta(seconds=deadline * max(times - 1, 0))
    else:
        assert happens == ("supervised", 2, None)


def test_a_state_without_a_deadline_is_let_go_of() -> None:
    assert clocks.late(incident("departed", priority="P4", due_at=NOW), POLICY, NOW) == (None, 0, None)


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("image/jpeg", b"\xff\xd8\xff\xe0 JFIF"),
        ("image/png", b"\x89PNG\r\n\x1a\n rest"),
        ("image/webp", b"RIFF\x10\x00\x00\x00WEBPVP8 "),
        ("audio/webm", b"\x1a\x45\xdf\xa3 rest"),
        ("audio/mp4", b"\x00\x00\x00\x20ftypM4A "),
        ("audio/ogg", b"OggS rest"),
    ],
)
def test_content_is_what_it_says(content_type: str, content: bytes) -> None:
    assert is_what_it_says(content_type, content)
    assert not is_what_it_says(content_type, b"<html>" + content)
    assert not is_what_it_says(content_type, b"")
    assert not is_what_it_says("text/html", content)


def test_what_is_known_to_tell_of_somebody() -> None:
    registry = Registry(
        station=Station("s", "所", "Asia/Shanghai"),
        places=[Place(name, "flat", "g", name) for name in ("home", "shop", "next")],
        devices=[
            Device("hub", "gateway", "home", "hub"),
            Device("bed", "motion", "next", "behind the hub, hung elsewhere", via="hub"),
            Device("lock", "door_controller", "home", "own door"),
            Device("till", "door_controller", "shop", "a door of the town"),
            Device("eye", "camera", "shop", "a camera of the town"),
            Device("theirs", "motion", "next", "somebody else's"),
        ],
        persons=[Person("p", "", "home", {"credentials": ["card:1"]}), Person("q", "", "next")],
    )
    assert known_of(registry, ["p"]) == (["bed", "hub", "lock"], ["till"], ["card:1"])
    assert known_of(registry, ["nobody"]) == ([], ["lock", "till"], [])

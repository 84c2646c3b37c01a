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
from gateway.incidents.attachments import is_what_it_says
from gateway.incidents.decide import CLOCKS, PROPOSED, Asked, Decision, Overtaken, decide, may, needs_two
from gateway.incidents.trail import known_of
from gateway.model.errors import BadInput, Conflict, Forbidden
from gateway.model.incident import ACTS, DISPOSITIONS, OPEN, OVER, SAYS_FALSE, Incident
from gateway.model.person import Person
from gateway.model.policy import Policy
from gateway.model.registry import Device, Place, Registry, Station
from gateway.model.scope import Scope

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
POLICY = Policy()
ROLES = ("operator", "commander", "officer", "grid_worker", "auditor", "admin")

#: Where each act leads from each state, by hand: the first row are the acts, `.` is no way, `=` stays as it is.
WAYS_THROUGH = """
              ack          dispatch   sign   decline depart   arrive   handle  close  reopen   merge  cancel    note
new           acknowledged dispatched signed =       .        .        .       closed .        merged cancelled =
acknowledged  .            dispatched signed =       .        .        .       closed .        merged cancelled =
dispatched    .            dispatched signed =       .        .        .       closed .        merged cancelled =
reopened      .            dispatched signed =       .        .        .       closed .        merged cancelled =
signed        .            dispatched .      .       departed on_scene handled closed .        merged cancelled =
departed      .            .          .      .       .        on_scene handled closed .        merged cancelled =
on_scene      .            .          .      .       .        .        handled closed .        merged cancelled =
handled       .            .          .      .       .        .        .       closed .        merged cancelled =
closed        .            .          .      .       .        .        .       .      reopened .      .         =
merged        .            .          .      .       .        .        .       .      .        .      .         =
cancelled     .            .          .      .       .        .        .       .      reopened .      .         =
"""
#: Who may do what, by hand: o(perator), c(ommander), p (officer), g(rid worker).
WHO = {
    "ack": "oc", "dispatch": "oc", "sign": "ocp", "decline": "cp", "depart": "ocp", "arrive": "ocp", "handle": "ocp",
    "close": "ocp", "reopen": "oc", "merge": "oc", "cancel": "oc", "note": "ocpg",
}  # fmt: skip
LETTER = {"operator": "o", "commander": "c", "officer": "p", "grid_worker": "g"}
NAMES, *ROWS = (line.split() for line in WAYS_THROUGH.strip().splitlines())
TABLE = {(row[0], act): way for row in ROWS for act, way in zip(NAMES, row[1:], strict=True)}
STATES = tuple(row[0] for row in ROWS)


def incident(state: str = "new", **more: Any) -> Incident:
    fields: dict[str, Any] = {
        "station": "s", "priority": "P2", "title": {"zh": "警情", "en": "incident"}, "opened_at": NOW,
        "changed_at": NOW, "ladder": [], "id": 7, "state": state, "origin": "person", "opened_by": "somebody",
        "version": 4,
    }  # fmt: skip
    return Incident(**{**fields, **more})


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


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("act", NAMES)
@pytest.mark.parametrize("state", STATES)
def test_every_state_act_and_role(state: str, act: str, role: str) -> None:
    before = incident(state, merged_into=9 if state == "merged" else None)
    actor = who(role=role)
    way = TABLE[state, act]
    allowed = LETTER.get(role, "?") in WHO[act]
    assert (act in may(before, actor)) == (allowed and way != ".")
    if not allowed:
        with pytest.raises(Forbidden, match=role):
            decide(before, asked(act), actor, (), POLICY)
        return
    if way == ".":
        with pytest.raises(Overtaken) as refusal:
            decide(before, asked(act), actor, (), POLICY)
        assert refusal.value.facts["state"] == state
        assert state in str(refusal.value)
        return
    decision = decide(before, asked(act), actor, (), POLICY)
    now = decision.incident
    assert not decision.repeated
    assert now.state == (state if way == "=" else way)
    assert (now.closed_at is not None) == (now.state in OVER) or act == "note"
    if way != "=":
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


@pytest.mark.parametrize(
    ("act", "state"), [(act, state) for (state, act), way in TABLE.items() if way != "." and act != "note"]
)
def test_a_lost_answer_asked_again_is_the_same_answer(act: str, state: str) -> None:
    actor = who(role="commander")
    before = incident(state)
    decision = decide(before, asked(act, version=4), actor, (), POLICY)
    now, lines = after(decision), [line(before, actor, decision)]
    again = decide(now, asked(act, version=4), actor, lines, POLICY)
    assert (again.repeated, again.incident) == (True, now)
    if act == "decline":
        return  # somebody else may not be able to come either
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


# ── four eyes, cancelling ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("priority", ["P1", "P2", "P3", "P4"])
@pytest.mark.parametrize("disposition", DISPOSITIONS)
@pytest.mark.parametrize("drill", [True, False])
def test_which_closing_needs_two(priority: str, disposition: str, drill: bool) -> None:
    before = incident(priority=priority, drill=drill)
    decision = decide(before, asked("close", disposition=disposition), who(), (), POLICY)
    two = priority == "P1" and disposition in SAYS_FALSE and not drill
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


def test_what_may_be_cancelled() -> None:
    by_rule = {"origin": "alert", "opened_by": None}
    cancel = asked("cancel")
    with pytest.raises(BadInput, match="disposition"):
        decide(incident(**by_rule), cancel, who(), (), POLICY)
    for yes in (incident(**by_rule, drill=True), incident()):
        assert decide(yes, cancel, who(), (), POLICY).incident.state == "cancelled"
    assert decide(incident(**by_rule), cancel, who(), (), POLICY, withdrawn=True).incident.state == "cancelled"
    grave = incident(priority="P1", opened_by="a")
    with pytest.raises(Forbidden, match="colleague"):
        decide(grave, cancel, who("a"), (), POLICY)
    assert "cancel" not in may(grave, who("a"))
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
        lines.append(line(now, actor, decision))
        now = after(decision)
        _must_make_sense(now, lines)


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

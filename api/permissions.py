"""Who may do what, by name: what routes let through and what `/api/v1/me` tells a console are the same list.

Whose areas something lies in is another question, of every query. What only those may do who see the whole station is
`whole`. The acts themselves ask again: nothing rests on a route alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gateway import retention, work_items
from gateway.accounts import walls
from gateway.bulletins import acts as bulletin_acts
from gateway.bulletins import enterprises
from gateway.cameras import setting_up, stills
from gateway.duty import acts as duty_acts
from gateway.duty import positions
from gateway.evidence import acts as evidence_acts
from gateway.evidence import media
from gateway.incidents import attachments, dispute, opening, trail
from gateway.model.incident import ACTS, COMMAND_ROOM_ROLES, RESPONDER_ROLES
from gateway.patrol import rounds as patrol_rounds
from gateway.persons import consent
from gateway.records import footprints, read
from gateway.register import AWAY_ROLES, DRILL_ROLES
from gateway.registering import editing, plans, policy_act
from gateway.rule_acts import ROLES as RULE_ROLES

#: Roles that may look at alerts, incidents, events and places. The auditor sees logs, not data.
DATA_ROLES = frozenset({"operator", "officer", "commander", "grid_worker", "admin"})
_KEEPERS = frozenset({"operator", "commander", "admin"})
_CHIEFS = frozenset({"commander", "admin"})


class Permission(NamedTuple):
    """The roles that have it. `whole`: only where the account has no areas of its own."""

    roles: frozenset[str]
    whole: bool = False


PERMISSIONS: dict[str, Permission] = {
    "data.read": Permission(DATA_ROLES),
    "data.watch": Permission(DATA_ROLES | {walls.WALL}),
    # ── alerts and incidents ──
    **{f"alerts.{act}": Permission(COMMAND_ROOM_ROLES) for act in ("ack", "unack", "reset")},
    **{f"incidents.{name}": Permission(act.roles) for name, act in ACTS.items()},
    "incidents.open": Permission(opening.OPENING_ROLES),
    "incidents.attach": Permission(attachments.ATTACHING_ROLES),
    "incidents.dispute": Permission(dispute.DISPUTE_ROLES),
    "incidents.trail": Permission(trail.TRAIL_ROLES),
    "evidence.see": Permission(evidence_acts.LOOKING_ROLES),
    "evidence.export": Permission(evidence_acts.EXPORTING_ROLES),
    "pictures.see": Permission(media.LOOKING_ROLES),
    "cameras.live": Permission(stills.WATCHING_ROLES),
    "cameras.set_up": Permission(setting_up.ROLES),
    "shelves.write": Permission(COMMAND_ROOM_ROLES),
    "workitems.done": Permission(work_items.ROLES),
    "patrols.walk": Permission(patrol_rounds.ROLES),
    "patrols.change": Permission(editing.ROLES["patrol"], whole=True),
    "desk.sit": Permission(COMMAND_ROOM_ROLES),
    "drills.announce": Permission(DRILL_ROLES),
    # ── what came in ──
    "events.report": Permission(frozenset({"operator", "admin"})),
    "deadletters.read": Permission(_KEEPERS),
    "deadletters.replay": Permission(_CHIEFS),
    # ── who answers, and how they are reached ──
    "duty.save": Permission(duty_acts.SAVE_ROLES),
    "duty.check": Permission(duty_acts.SAVE_ROLES | {"operator"}),
    "duty.swap": Permission(duty_acts.SAVE_ROLES | {"officer"}),
    "positions.read": Permission(positions.ROLES),
    "duty.reach": Permission(_KEEPERS),
    "users.read": Permission(frozenset[str]().union(*(act.roles for act in ACTS.values()))),
    "contacts.others": Permission(_CHIEFS),
    "contacts.change_others": Permission(frozenset({"admin"})),
    "notifications.others": Permission(_KEEPERS),
    # ── persons, bulletins, records, figures ──
    **{f"persons.{act}": Permission(consent.ROLES) for act in ("see", "write", "reveal")},
    "persons.away": Permission(AWAY_ROLES),
    "bulletins.issue": Permission(bulletin_acts.ROLES),
    "enterprises.read": Permission(bulletin_acts.ROLES | enterprises.ROLES),
    "enterprises.change": Permission(enterprises.ROLES),
    "footprints.write": Permission(footprints.WRITERS),
    "footprints.others": Permission(frozenset({"commander"})),
    "records.read": Permission(read.BEAT_READERS),
    "records.others": Permission(frozenset({"commander"})),
    "stats.alarms": Permission(_KEEPERS),
    "stats.officers": Permission(COMMAND_ROOM_ROLES | RESPONDER_ROLES),
    # ── the station itself ──
    "rules.activate": Permission(RULE_ROLES, whole=True),
    "rules.backtest": Permission(RULE_ROLES, whole=True),
    "registry.change": Permission(editing.ROLES["device"], whole=True),
    "registry.places": Permission(editing.ROLES["place"], whole=True),
    "plans.lay": Permission(plans.ROLES),
    "policy.save": Permission(policy_act.ROLES, whole=True),
    "accounts.change": Permission(frozenset({"admin"}), whole=True),
    "walls.change": Permission(walls.ROLES, whole=True),
    "audit.read": Permission(frozenset({"auditor", "admin"})),
    "retention.read": Permission(retention.ROLES, whole=True),
    "county.read": Permission(_KEEPERS, whole=True),
}


def may(role: str, areas: Iterable[str] | None) -> list[str]:
    """Return the names of what a role may do, in order; `areas` are the account's own, None for the whole station."""
    return sorted(
        name for name, needed in PERMISSIONS.items() if role in needed.roles and (areas is None or not needed.whole)
    )

"""A query without scope fails the build: what people's requests reach in the database is confined to their areas.

From every function of `api/` the calls are followed through our own modules down to the named queries. Each must name
`%(station)s` and `%(areas)s`, or stand in `UNSCOPED` with the reason.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

from gateway.store.sql import queries

ROOT = Path(__file__).parents[2]

#: Queries that are reached without a scope of areas, or of a station, and why that is right. `file.name`.
REASONS: dict[str, str] = {
    "one's own account and session, named by the session itself or by a log-in": """
        accounts.user accounts.session accounts.open_session accounts.touch_session accounts.close_session
        accounts.failed accounts.succeeded accounts.replace_password second_factor.read second_factor.offer
        second_factor.confirm second_factor.use_step second_factor.use_code second_factor.add_code
        second_factor.forget_codes users.sessions users.end_session users.end_sessions
        walls.of_token walls.open_session walls.session walls.touch_session walls.close_session walls.tries
        walls.failed""",
    "accounts are looked after by an admin of the whole station; the account is asked for by station first": """
        accounts.set_password second_factor.reset users.list users.get_held users.other_admins users.unknown_areas
        walls.list walls.delete""",
    "colleagues know each other by name across areas": "accounts.names",
    "the trail and what cannot be read have no area, and are for roles that judge the whole station": """
        accounts.audit accounts.audit_list events.dead_letters events.dead_letter_counts dead_letters.hold
        dead_letters.mark dead_letters.replay dead_letters.standing""",
    "of a row that was looked up, and is held, within the scope in the same transaction": """
        alerts.of_incident alerts.open_one alerts.update incidents.alerts_of incidents.of_alert
        incidents.open_of_alert incidents.move incidents.step rungs.stop incidents.timeline
        rungs.waits rungs.calls_wait rungs.told
        incidents.receipts outbox.stop outbox.acknowledge events.by_reference persons.add_consent persons.last_consent
        persons.set_monitored persons.forget_notes registry.last_absence alerts.held alerts.look_at_incident
        incidents.alerts_of_each incidents.insert incidents.relink incidents.reported incident_calls.busy
        incident_calls.climb_next
        incident_calls.where_it_is incident_subjects.persons_at incident_texts.attach incident_texts.attachment
        incident_texts.attachments incident_texts.hold_client incident_texts.incident_of_client
        incident_texts.of_incident incident_texts.put shelves.change shelves.cover shelves.insert shelves.reach
        shelves.standing shelves.reasons presence.arrive presence.leave""",
    "records of an incident that was looked up within the scope; of the chain others are told by digest": """
        evidence.alert_stands evidence.append evidence.attached evidence.contents evidence.cursor evidence.heads
        evidence.held evidence.hold evidence.keep evidence.last_head evidence.gone evidence.link_at
        evidence.lock evidence.move_cursor evidence.newly_gone evidence.next_head evidence.note_events evidence.put_head
        evidence.release evidence.say_gone evidence.span evidence.steps_to_freeze evidence.tail changes.after
        media.fresh media.looked_at media.of_events media.take_up""",
    "pictures: of a device that speaks for itself, or of an alert that was looked up within the scope": """
        media.put media.there media.handed_in_since media.of_alert media.whole""",
    "of a camera that was looked up within the scope, or that speaks for itself": """
        live.watch live.wake live.still live.put_still live.was_asked live.ask_description live.description
        live.put_description""",
    "of a round that was looked up, and is held, within the scope: its looks, and what they find at its points": """
        alerts.insert alerts.last_of alerts.open_of patrols.hold_place patrols.known patrols.look
        patrols.keep_picture""",
    "words of the process itself to the world, no answer to anybody": """
        outbox.enqueue outbox.backlog changes.lock accounts.health registry.station registry.touch data_key.read
        data_key.write rungs.next_sounding rungs.plan outbox.of_key contacts.channels""",
    "how the whole station wants its people told: no data of anybody": """
        figures.station registry.put_policy soundings.floods""",
    "who is at the desk is the station's matter, and for those who sit there": """
        desk.begin desk.end desk.open desk.pause desk.resume desk.seats desk.take_over figures.officers_called
        records.people""",
    "a contact belongs to somebody who is looked up by station first, and is shown masked to them and whoever may": """
        contacts.active_of contacts.get contacts.of_address contacts.put contacts.reach contacts.relabel
        contacts.retire contacts.retire_others contacts.tested incident_calls.responders""",
    "whom a bulletin is for, in areas that were looked up within the scope: numbers, no one's data": """
        bulletins.of_ids bulletins.reached bulletins.screens bulletins.residents bulletins.colleagues
        bulletins.area_name bulletins.counts bulletins.withdraw bulletins.stop_messages
        bulletins.sent_enterprises enterprises.next enterprises.stop""",
    "whether a text speaks of somebody, wherever they live: answered by yes or no": """
        bulletins.phones_known bulletins.concerned""",
    "one's own, by a name that one gave it": "bulletins.of_client bulletins.hold_client",
    "receipts come from phones and providers, by a token or number that we gave them": """
        receipts.failed receipts.note receipts.of_provider receipts.reached receipts.receive""",
    "the roster is checked as a whole, since areas inherit; what is shown is confined in `duty.looked_up`": """
        duty.add_swap duty.drop_swap duty.places duty.swaps_since""",
    "the registry's own file and its edits, for whoever looks after the whole station (`registering.editing`)": """
        persons.import persons.last_consents persons.of_station registry.put_area registry.put_device
        registry.areas_with_shapes registry.put_duty registry.put_place registry.put_shift registry.put_station
        patrols.all patrols.put registry_edit.contacts registry_edit.hold registry_edit.put_secrets
        registry_edit.secrets registry_edit.users registry_edit.with_record""",
    "one's own footprints, under one's own name": "footprints.known footprints.put",
    "read once for all who follow; each stream lets through what lies within its areas (test_stream)": """
        changes.after changes.span""",
    "how many of what is kept how long: numbers of the whole station, for whoever judges it": """
        retention.look_incidents retention.look_alerts retention.look_bulletins retention.look_rounds
        retention.look_media retention.look_audit retention.look_consent retention.last_turn retention.only_read
        upkeep.is_hypertable upkeep.partitions upkeep.timescale_old upkeep.oldest_after""",
    "the county's links are the whole station's; an alert's alarms are asked once it was looked up": """
        county.links county.buttons county.alarms county.standing county.totals""",
    "a device speaks for itself, with its own secret": "registry.device_secret events.inbox_put",
    "rules are the same for everybody; whoever changes or tries them sees the whole station": """
        rule_versions.running rule_versions.resting rule_versions.versions rule_versions.activations
        rule_versions.publish rule_versions.ask rule_versions.was_tried backtests.begin backtests.end backtests.forget
        backtests.get backtests.hold backtests.list backtests.order backtests.running""",
    "why a rule says something is judged on the whole registry; `gateway.trace` refuses subjects outside the scope": """
        registry.areas registry.places registry.devices registry.persons registry.duties registry.shifts
        registry.swaps registry.responders registry.drills road.heard road.heard_since rules.load_states
        rules.timers_of""",
}
UNSCOPED = {query: why for why, queries_of_it in REASONS.items() for query in queries_of_it.split()}


Function = tuple[str, str]
ANNOUNCER = "gateway.telling.tell"


def modules() -> dict[str, ast.Module]:
    found = {}
    for package in ("api", "gateway"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = modules()


def names_of(module: ast.Module) -> dict[str, str]:
    """What a name stands for in a module: `actor` → `api.deps.actor`, `acts` → `gateway.incidents.acts`."""
    found: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


NAMES = {name: names_of(module) for name, module in MODULES.items()}


def functions() -> dict[Function, list[ast.AST]]:
    """Every function and method, by module and name; methods of one name are taken together."""
    found: dict[Function, list[ast.AST]] = defaultdict(list)
    for name, module in MODULES.items():
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[name, node.name].append(node)
            elif isinstance(node, ast.ClassDef):
                found[name, node.name].extend(one for one in node.body if isinstance(one, ast.FunctionDef))
    return found


FUNCTIONS = functions()


def meant(module: str, node: ast.AST) -> Function | None:
    """The function of ours that is named here: `store.get`, `write`, `have.announcer.announce`."""
    if isinstance(node, ast.Name):
        full = NAMES[module].get(node.id, f"{module}.{node.id}")
        owner, _, name = full.rpartition(".")
        return (owner, name) if (owner, name) in FUNCTIONS else None
    if isinstance(node, ast.Attribute):
        if isinstance(node.value, ast.Name):
            owner = NAMES[module].get(node.value.id, "")
            if (owner, node.attr) in FUNCTIONS:
                return owner, node.attr
        if (found := ("gateway.telling.tell", node.attr)) in FUNCTIONS and isinstance(
            node.value, ast.Attribute | ast.Name
        ):
            return found
    return None


def reached() -> dict[str, set[Function]]:
    """The queries that requests reach, as `file.name`, with the store's functions that ask them."""
    waiting: list[Function] = [one for one in FUNCTIONS if one[0].startswith("api.")]
    seen = set(waiting)
    asked: dict[str, set[Function]] = defaultdict(set)
    while waiting:
        module, _ = one = waiting.pop()
        for body in FUNCTIONS[one]:
            for node in ast.walk(body):
                if (query := query_of(module, node)) is not None:
                    asked[query].add(one)
                if (found := meant(module, node)) is not None and found not in seen:
                    seen.add(found)
                    waiting.append(found)
    return asked


def text_of(module: str) -> str:
    return (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")


#: The file of queries a module of the store asks.
FILES = {
    name: found[1]
    for name in MODULES
    if name.startswith("gateway.store.")
    and (found := re.search(r'^SQL = queries\("(\w+)"\)$', text_of(name), re.MULTILINE))
}


def query_of(module: str, node: ast.AST) -> str | None:
    """A word in a module of the store that is a query's name: `SQL["get"]`, `SQL["held" if hold else "get"]`, …"""
    if module in FILES and isinstance(node, ast.Constant) and node.value in queries(FILES[module]):
        return f"{FILES[module]}.{node.value}"
    return None


def is_scoped(query: str) -> bool:
    file, _, name = query.partition(".")
    text = queries(file)[name]
    return "%(station)s" in text and "%(areas)s" in text


REACHED = reached()


def test_every_query_a_request_reaches_is_confined_or_says_why_not() -> None:
    loose = {query: sorted(f"{m}.{f}" for m, f in by) for query, by in REACHED.items() if not is_scoped(query)}
    undeclared = {query: by for query, by in loose.items() if query not in UNSCOPED}
    assert undeclared == {}, "name %(station)s and %(areas)s in it (take a Scope), or say in UNSCOPED why not"


def test_what_is_declared_is_there_and_loose() -> None:
    assert {query for query in UNSCOPED if query not in REACHED} == set(), "no request reaches these any more"
    assert {query for query in UNSCOPED if query in REACHED and is_scoped(query)} == set(), "these are confined by now"


def test_the_search_reaches_what_it_should() -> None:
    """Were the calls not followed, everything would pass."""
    assert {
        "persons.get",
        "alerts.get_held",
        "incidents.move",
        "events.inbox_put",
        "registry.list_places",
    } <= REACHED.keys()
    assert not is_scoped("persons.import")
    assert is_scoped("persons.list")

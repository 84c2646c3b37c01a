"""What is wrong with the people of a site: residents' care, ways to reach users, shifts that nobody stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import ValidationError

from gateway.model.contact import CHANNELS
from gateway.persons.care import complaints
from gateway.registering.site import Site, SiteUser
from rules.calendar import Schedule

_NUMBER = re.compile(r"^\+?[0-9][0-9 -]{2,22}[0-9]\Z")
#: Channels whose address is a telephone number.
_DIALLED = frozenset({"sms", "voice"})
LONGEST_ADDRESS = 2000


def persons(site: Site) -> Iterator[str]:
    """Residents: a name, and care that rules can work with."""
    for person in site.persons:
        if person.name is None and site.personal == "here":
            yield f"person {person.id}: has no name; write it, or `personal: left_out` at the top if they are kept"
        for complaint in complaints(person.care):
            yield f"person {person.id}: care.{complaint}"


def users(site: Site) -> Iterator[str]:
    """Accounts: ways to reach them that can be, and some way for whoever is on duty."""
    for user in site.users:
        yield from _ways(user)
    yield from _unreached(site)


def _ways(user: SiteUser) -> Iterator[str]:
    for channel, address in user.contacts.items():
        if channel not in CHANNELS:
            yield f"user {user.username}: contacts: {channel!r} is none of {', '.join(CHANNELS)}"
        elif channel == "phone" and user.phone is not None:
            yield f"user {user.username}: contacts: phone stands in `phone` already; write it once"
        elif channel in _DIALLED and not _NUMBER.match(address):
            yield f"user {user.username}: contacts: {channel} is no number like +861000000000"
    if any(not address.strip() or len(address) > LONGEST_ADDRESS for address in user.addresses().values()):
        yield f"user {user.username}: a way to reach them is empty or longer than {LONGEST_ADDRESS}"


def _unreached(site: Site) -> Iterator[str]:
    """Whoever is on duty must be reachable; a file that leaves personal data out cannot say."""
    if site.personal == "left_out":
        return
    known = {user.username for user in site.users}
    reached = {user.username for user in site.users if user.addresses()}
    for duty in site.duty:
        if duty.officer in known and duty.officer not in reached:
            yield f"duty {duty.area}: officer {duty.officer!r} has no phone and no other contact"
    for shift in site.shifts:
        for one in shift.people:
            if one in known and one not in reached:
                yield f"shift {shift.id}: {one!r} has no phone and no other contact"


def shifts(site: Site) -> Iterator[str]:
    """Shifts: people in turn, in hours that can be read."""
    for shift in site.shifts:
        if not shift.people:
            yield f"shift {shift.id}: people: nobody stands in it"
        elif len(set(shift.people)) < len(shift.people):
            yield f"shift {shift.id}: people: somebody stands twice; whoever has two turns has turn_days"
        if not 1 <= shift.turn_days <= 366:  # noqa: PLR2004  # a year
            yield f"shift {shift.id}: turn_days {shift.turn_days} is no number of days from 1 to 366"
        if shift.duty_as == "guard" and shift.place is None:
            yield f"shift {shift.id}: a guard stands at a place; write `place`"
        try:
            Schedule.model_validate(shift.hours)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors())
            yield f"shift {shift.id}: hours: {wrong}"

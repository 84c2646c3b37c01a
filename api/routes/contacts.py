"""The ways people are reached: theirs to add, to let go of, to try; and who on duty can be reached now."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.answers.contacts import ContactAdded, ContactList, OnDutyList, PushKey, TestSent
from api.answers.documented import answers
from api.deps import Have, Who, actor, allow_to, scope_of
from gateway.model.contact import CHANNELS
from gateway.model.errors import NotFound
from gateway.store import registry as registry_store
from gateway.store.accounts import Session
from gateway.telling import contacts, reach
from gateway.telling.channels import vapid_public_key

router = APIRouter(tags=["contacts"])


class NewContact(BaseModel):
    """A way to reach somebody: its channel, the address there, what they call it."""

    channel: str = Field(max_length=32, examples=list(CHANNELS))
    address: str = Field(max_length=4096)
    label: str = Field(default="", max_length=64)


class Keys(BaseModel):
    """The keys of a push subscription."""

    p256dh: str
    auth: str


class Subscription(BaseModel):
    """A browser's PushSubscription, as its `toJSON()` gives it; what else it holds is not kept."""

    endpoint: str = Field(max_length=2048)
    keys: Keys
    label: str = Field(default="", max_length=64)

    def text(self) -> str:
        """What of it is kept."""
        return contacts.subscription_text({"endpoint": self.endpoint, "keys": self.keys.model_dump()})


@router.get("/users/{username}/contacts", responses=answers(ContactList))
def list_contacts(username: str, session: Who, have: Have) -> dict[str, Any]:
    """How somebody is reached: themselves, commanders and admins may see it. Of an address, its last characters."""
    with have.pool.transaction() as connection:
        found = contacts.list_contacts(connection, have.sealer, actor(session, have), username)
    return {"items": found, "next": None}


@router.post("/users/{username}/contacts", status_code=201, responses=answers(ContactAdded, status=201))
def add_contact(username: str, contact: NewContact, session: Who, have: Have) -> dict[str, int]:
    """Add a way to be reached; an admin may for others."""
    with have.pool.transaction() as connection:
        number = contacts.add_contact(
            connection, have.sealer, actor(session, have), username, contact.channel, contact.address,
            contact.label,
        )  # fmt: skip
    return {"id": number}


@router.delete("/users/{username}/contacts/{contact_id}", status_code=204)
def retire_contact(username: str, contact_id: int, session: Who, have: Have) -> None:
    """Let go of a way to be reached; an admin may for others."""
    with have.pool.transaction() as connection:
        contacts.retire_contact(connection, actor(session, have), username, contact_id)


@router.post("/users/{username}/contacts/{contact_id}/test", status_code=202, responses=answers(TestSent, status=202))
def try_contact(username: str, contact_id: int, session: Who, have: Have) -> dict[str, int]:
    """Can this phone be reached now? Sends it a test; how far that comes is at `/notifications/{id}`."""
    with have.pool.transaction() as connection:
        return {"notification": contacts.try_now(connection, actor(session, have), username, contact_id)}


@router.get("/push/key", responses=answers(PushKey))
def push_key(session: Who, have: Have) -> dict[str, str]:
    """The key a browser subscribes with (VAPID, base64url). 404: this station has no Web Push."""
    del session
    key = vapid_public_key(have.settings) if have.settings.web_push_contact else None
    if not key:
        raise NotFound("this station has no Web Push; set up its VAPID key first")
    return {"key": key}


@router.post("/push/subscriptions", status_code=201, responses=answers(ContactAdded, status=201))
def subscribe(subscription: Subscription, session: Who, have: Have) -> dict[str, int]:
    """Let this browser be told: its push subscription becomes a contact of mine."""
    with have.pool.transaction() as connection:
        number = contacts.add_contact(
            connection, have.sealer, actor(session, have), session.username, "web_push",
            subscription.text(), subscription.label,
        )  # fmt: skip
    return {"id": number}


@router.delete("/push/subscriptions", status_code=204)
def unsubscribe(subscription: Subscription, session: Who, have: Have) -> None:
    """Tell this browser no more."""
    with have.pool.transaction() as connection:
        contacts.retire_subscription(connection, have.sealer, actor(session, have), subscription.text())


@router.get("/duty/reach", responses=answers(OnDutyList))
def on_duty(session: Annotated[Session, Depends(allow_to("duty.reach"))], have: Have) -> dict[str, Any]:
    """Who is on duty now, within one's areas, and whether they can be reached: `reached`, `unconfirmed`, `silent`."""
    now = have.clock.now()
    with have.pool.transaction() as connection:
        registry = registry_store.load(connection, session.station)
        people = reach.on_duty(registry, scope_of(session).areas, now)
        found = reach.reach_of(connection, session.station, people, now)
    items = [
        {**msgspec.to_builtins(found[user], builtin_types=()), "name": registry.responders[user].name, "duty": duty}
        for user, duty in people.items()
        if user in registry.responders
    ]
    return {"items": items, "next": None}

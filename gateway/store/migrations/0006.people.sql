-- Who answers and how they are reached, the closed loop of an incident, receipts, shelves.
-- depends: 0005.rules

-- Ladders, deadlines, flood, shelving: what a station sets of how people are told; `gateway.model.policy` has the rest.
alter table station add column policy jsonb not null default '{}';

-- An auxiliary (辅警) is an officer with fewer powers.
alter table user_account add column auxiliary boolean not null default false;

-- A way to reach a user. The address is sealed; the index finds it again. A retired one is kept with the reason.
create table contact (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    username text not null references user_account on delete cascade,
    channel text not null,
    address_sealed bytea not null,
    address_index bytea not null,
    -- What the user calls it: «my phone».
    label text not null default '',
    state text not null default 'active' check (state in ('active', 'retired')),
    retired_why text,
    added_at timestamptz not null default now(),
    -- When it was last tried by a test, and when something was last known to have arrived there.
    tested_at timestamptz,
    reached_at timestamptz,
    unique (station_id, username, channel, address_index)
);
create index contact_user on contact (station_id, username) where state = 'active';

-- The roster. A standing duty may be the whole station's; shifts have hours and people who take turns.
alter table duty drop constraint duty_pkey;
alter table duty alter column area_id drop not null;
alter table duty add column leader text references user_account;
create unique index duty_area on duty (station_id, area_id) nulls not distinct;

create table shift (
    station_id text not null references station,
    id text not null,
    area_id text,
    duty_as text not null check (duty_as in ('officer', 'deputy', 'guard', 'commander', 'leader')),
    hours jsonb not null default '{}',
    people text[] not null check (cardinality(people) > 0),
    since date not null,
    turn_days integer not null check (turn_days > 0),
    place_id text,
    primary key (station_id, id),
    foreign key (station_id, area_id) references area (station_id, id),
    foreign key (station_id, place_id) references place (station_id, id)
);

create table swap (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    shift_id text not null,
    day date not null,
    instead_of text not null references user_account,
    stands_in text not null references user_account,
    reason text not null default '',
    made_by text not null,
    made_at timestamptz not null,
    unique (station_id, shift_id, day, instead_of),
    foreign key (station_id, shift_id) references shift (station_id, id) on delete cascade
);

-- Where an officer was, as their phone said: 足迹. Visits, patrols and looks are their record.
create table footprint (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    username text not null references user_account,
    at timestamptz not null,
    client_at timestamptz,
    kind text not null check (kind in ('position', 'visit', 'patrol', 'look')),
    area_id text,
    place_id text,
    person_id text,
    incident_id bigint references incident,
    lat double precision,
    lon double precision,
    note_sealed bytea,
    -- The phone's own id of it: an offline phone may say it twice.
    client_id text,
    unique (station_id, username, client_id)
);
create index footprint_recent on footprint (station_id, username, at desc);
create index footprint_place on footprint (station_id, place_id, at desc);

-- The closed loop.
alter table incident drop constraint incident_state_check;
alter table incident add constraint incident_state_check check (state in (
    'new', 'acknowledged', 'dispatched', 'signed', 'departed', 'on_scene', 'handled', 'closed', 'reopened',
    'merged', 'cancelled'));
-- What sort of thing it is (`gateway.model.incident.CATEGORIES`), and whether rules or people opened it.
alter table incident add column category text not null default 'other';
alter table incident add column origin text not null default 'alert' check (origin in ('alert', 'person'));
alter table incident add column opened_by text;
alter table incident add column person_id text;
alter table incident add column assignees text[] not null default '{}';
-- By when it is to leave its state; null: no deadline. 0 in time, 1 urged (催办), 2 supervised (督办).
alter table incident add column due_at timestamptz;
alter table incident add column overdue smallint not null default 0;
-- A first person wants a P1 closed as false: a second has to agree.
alter table incident add column proposed jsonb;
alter table incident add column merged_into bigint references incident;
-- A dispute's route, places, outcome; who reported it; a video's address.
alter table incident add column detail jsonb not null default '{}';
alter table incident add column follow_up_on date;
create index incident_due on incident (station_id, due_at)
    where due_at is not null and state not in ('closed', 'merged', 'cancelled');
create index incident_to_join on incident (station_id, category, place_id)
    where state not in ('closed', 'merged', 'cancelled');
create index incident_follow_up on incident (station_id, follow_up_on) where follow_up_on is not null;

-- Pictures and voice notes of people. Small, and backed up with everything else.
create table attachment (
    id bigint generated always as identity primary key,
    incident_id bigint not null references incident,
    at timestamptz not null,
    username text not null,
    content_type text not null,
    sha256 text not null,
    content bytea not null,
    unique (incident_id, sha256)
);

-- An expiry is the last rung: it calls nobody and says that nobody answered.
alter table rung add column kind text not null default 'call' check (kind in ('call', 'expiry'));

-- Receipts: queued → accepted → delivered → seen → acknowledged.
alter table notification drop constraint notification_state_check;
alter table notification add constraint notification_state_check check (state in (
    'queued', 'accepted', 'delivered', 'seen', 'acknowledged', 'refused', 'expired', 'stopped'));
alter table notification add column purpose text not null default 'incident';
alter table notification add column username text;
-- Where it goes to; the address is looked up when it is sent. Null: `recipient` says it (a topic, the command room).
alter table notification add column contact_id bigint references contact on delete set null;
alter table notification add column delivered_at timestamptz;
alter table notification add column seen_at timestamptz;
alter table notification add column acknowledged_at timestamptz;
-- Without a receipt by then the next way to the same person is tried; what was tried stands in `instead_of`.
alter table notification add column receipt_by timestamptz;
alter table notification add column instead_of bigint references notification;
-- What a phone shows a receipt with, hashed.
alter table notification add column receipt_sha256 text;
create index notification_receipt_due on notification (receipt_by) where receipt_by is not null;
create unique index notification_receipt on notification (receipt_sha256) where receipt_sha256 is not null;
create index notification_contact on notification (contact_id, id desc) where contact_id is not null;

-- What is kept quiet for a while by people: a rule, at a subject, a place (and what lies in it) or an area.
create table shelf (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    rule_id text,
    subject text,
    place_id text,
    area_id text,
    reason text not null,
    by_user text not null,
    -- P1 is never shelved by one person alone.
    agreed_by text,
    begins_at timestamptz not null,
    ends_at timestamptz not null,
    ended_at timestamptz,
    ended_by text,
    check (begins_at < ends_at)
);
create index shelf_standing on shelf (station_id, ends_at) where ended_at is null;

-- What rules saw, what people do about it, and who is told.
-- depends: 0002.events

create table alert (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    rule_id text not null,
    rule_version integer not null,
    subject text not null,
    stream text not null check (stream in ('alert', 'work_item')),
    priority text not null check (priority in ('P1', 'P2', 'P3', 'P4')),
    place_id text,
    area_id text,
    device_id text,
    person_id text,
    title jsonb not null,
    explanation jsonb not null,
    first_action jsonb not null,
    -- References (device/id) of the events that counted, newest last, bounded.
    events jsonb not null default '[]',
    raised_at timestamptz not null,
    last_event_at timestamptz not null,
    -- How often the condition was seen, and how often it sounded.
    seen integer not null default 1,
    sounded integer not null default 0,
    last_sounded_at timestamptz,
    active boolean not null default true,
    latched boolean not null default false,
    acknowledged_at timestamptz,
    acknowledged_by text,
    shelved_until timestamptz,
    suppressed_by text,
    cleared_at timestamptz,
    retracted boolean not null default false,
    reset_by text,
    ended_at timestamptz,
    previous_id bigint,
    version integer not null default 1
);
-- Alert identity: one open alert per rule and subject.
create unique index alert_open on alert (station_id, rule_id, subject) where ended_at is null;
create index alert_recent on alert (station_id, id desc);
create index alert_device on alert (station_id, device_id, id desc);

create table incident (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    state text not null default 'new' check (state in (
        'new', 'acknowledged', 'dispatched', 'signed', 'departed', 'on_scene', 'handled', 'closed',
        'merged', 'cancelled')),
    priority text not null check (priority in ('P1', 'P2', 'P3', 'P4')),
    place_id text,
    area_id text,
    title jsonb not null,
    opened_at timestamptz not null,
    changed_at timestamptz not null,
    -- Who answers, frozen when the incident opened.
    ladder jsonb not null,
    disposition text,
    closed_at timestamptz,
    version integer not null default 1
);
create index incident_recent on incident (station_id, id desc);

create table incident_alert (
    incident_id bigint not null references incident,
    alert_id bigint not null references alert,
    primary key (incident_id, alert_id)
);
create index incident_alert_alert on incident_alert (alert_id);

-- The incident's timeline: append-only.
create table incident_step (
    id bigint generated always as identity primary key,
    incident_id bigint not null references incident,
    at timestamptz not null,
    client_at timestamptz,
    actor text not null,
    act text not null,
    from_state text,
    to_state text,
    reason text,
    detail jsonb not null default '{}'
);
create index incident_step_incident on incident_step (incident_id, id);
create trigger incident_step_append_only before update or delete or truncate on incident_step
    for each statement execute function refuse_change();

-- Escalation: one row per rung that is still to come.
create table rung (
    incident_id bigint not null references incident,
    sounding integer not null,
    number integer not null,
    due_at timestamptz not null,
    recipients jsonb not null,
    state text not null default 'waiting' check (state in ('waiting', 'climbed', 'stopped')),
    primary key (incident_id, sounding, number)
);
create index rung_due on rung (due_at) where state = 'waiting';

-- The outbox: one message to one recipient on one channel. `key` makes enqueueing it twice harmless, and is
-- the idempotency key the provider sees.
create table notification (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    key text not null unique,
    channel text not null,
    recipient text not null,
    priority text not null,
    incident_id bigint references incident,
    alert_id bigint references alert,
    body jsonb not null,
    state text not null default 'queued' check (state in ('queued', 'accepted', 'refused', 'expired', 'stopped')),
    created_at timestamptz not null,
    due_at timestamptz not null,
    expires_at timestamptz not null,
    leased_until timestamptz,
    attempts integer not null default 0,
    accepted_at timestamptz,
    provider_id text
);
create index notification_due on notification (channel, priority, id) where state = 'queued';
create index notification_incident on notification (incident_id, id);

create table attempt (
    id bigint generated always as identity primary key,
    notification_id bigint not null references notification,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    result text not null,
    detail text not null
);
create index attempt_notification on attempt (notification_id);

-- What the console follows. Numbers are given under an advisory lock taken last before commit, without gaps, so
-- that reading «after N» never skips a row that commits later.
create table change (
    station_id text not null,
    id bigint not null,
    at timestamptz not null,
    kind text not null,
    area_id text,
    body jsonb not null,
    primary key (station_id, id)
);
create index change_at on change using brin (at);

-- Each process says how it is; the API shows it.
create table process_health (
    station_id text not null,
    process text not null,
    at timestamptz not null,
    facts jsonb not null,
    primary key (station_id, process)
);

-- Bulletins: messages for many, on screens, phones and at enterprises; what each screen was last told.
-- depends: 0009.delivery 0012.privacy 0013.figures

create table bulletin (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    kind text not null check (kind in ('anti_fraud', 'safety', 'notice', 'incident_notice')),
    title jsonb not null,
    text jsonb not null,
    -- Null: the whole station.
    areas text[],
    media text[] not null,
    enterprises bigint[] not null,
    incident_id bigint references incident,
    urgent boolean not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    made_by text not null,
    made_at timestamptz not null,
    withdrawn_by text,
    withdrawn_at timestamptz,
    -- What whoever made it calls it: asked for twice it is one.
    client_id text,
    -- Who has been told of it so far, by id of person; and when everybody had been.
    spread_to text not null default '',
    spread_at timestamptz
);
create unique index bulletin_client on bulletin (station_id, made_by, client_id) where client_id is not null;
create index bulletin_recent on bulletin (station_id, id desc);
create index bulletin_showing on bulletin (station_id, ends_at) where withdrawn_at is null;

-- Who takes notices by machine; they outlive the division into areas. `endpoint_sealed`: their URL and the secret we share with them.
create table enterprise (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    name text not null,
    area_id text not null,
    endpoint_sealed bytea not null,
    made_by text not null,
    made_at timestamptz not null,
    ended_at timestamptz
);
create index enterprise_area on enterprise (station_id, area_id);

-- What a screen was last told to show.
create table display (
    station_id text not null references station,
    device_id text not null,
    bulletins bigint[] not null,
    told_at timestamptz not null,
    primary key (station_id, device_id)
);

-- Which screens were told of a bulletin, and by which message first.
create table bulletin_screen (
    bulletin_id bigint not null references bulletin on delete cascade,
    device_id text not null,
    medium text not null,
    notification_id bigint references notification on delete set null,
    primary key (bulletin_id, device_id)
);

-- Followed backwards when an old message goes.
create index bulletin_screen_message on bulletin_screen (notification_id) where notification_id is not null;

-- Whom a bulletin's message is for, when it is no user: a resident by their phone, an enterprise.
alter table notification add column bulletin_id bigint references bulletin on delete set null;
alter table notification add column person_id text;
alter table notification add column enterprise_id bigint references enterprise;
create index notification_enterprise on notification (enterprise_id, id) where enterprise_id is not null;
create index notification_bulletin on notification (bulletin_id) where bulletin_id is not null;

alter table consent drop constraint consent_purpose_check;
alter table consent add constraint consent_purpose_check
    check (purpose in ('care_monitoring', 'sharing_relatives', 'bulletins'));

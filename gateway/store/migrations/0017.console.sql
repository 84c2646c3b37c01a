-- What the console of the command room needs: who looks at the same incident, dead letters sent on their way again, and
-- the wall's own access.
-- depends: 0016.retention

-- Who has an incident open right now. A heartbeat, worth nothing half a minute later: not written ahead, gone with a crash.
create unlogged table presence (
    incident_id bigint not null references incident on delete cascade,
    username text not null references user_account on delete cascade,
    since timestamptz not null,
    seen_at timestamptz not null,
    primary key (incident_id, username)
);

-- A letter that was sent on its way again stands no more, unless it comes back.
alter table dead_letter add column replayed_at timestamptz;
alter table dead_letter add column replayed_by text;
create index dead_letter_standing on dead_letter (station_id, reason, id) where replayed_at is null;

-- A screen on the wall: it reads, as nobody. Its token is told once; `areas` null is the whole station.
create table wall (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    label text not null,
    areas text[],
    token_sha256 text not null unique,
    made_by text not null,
    made_at timestamptz not null
);
create index wall_station on wall (station_id, id);

create table wall_session (
    token_sha256 text primary key,
    wall_id bigint not null references wall on delete cascade,
    created_at timestamptz not null,
    used_at timestamptz not null
);
create index wall_session_wall on wall_session (wall_id);

-- How often a wrong token was tried of late, and until when no more of it is written down.
create table wall_try (
    station_id text primary key references station,
    failed integer not null,
    locked_until timestamptz
);

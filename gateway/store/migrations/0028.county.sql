-- The county video platform: the 20 digits of each device, how far its alarms are in the outbox, how each link stands.
-- depends: 0025.mapped

-- Given once and kept for good: a device that is gone keeps its code, and nobody else gets it.
create table county_code (
    station_id text not null references station,
    device_id text not null,
    code text not null check (code ~ '^[0-9]{20}$'),
    given_at timestamptz not null,
    primary key (station_id, device_id),
    unique (station_id, code)
);

-- `change_id`: the last change whose alerts are in the outbox, for this link. The rest is what its process said last;
-- `seen_at` grows for as long as it runs.
create table county_link (
    station_id text not null references station,
    name text not null,
    change_id bigint not null,
    server text not null,
    device_code text not null,
    state text not null,
    status integer not null,
    why text not null,
    changed_at timestamptz not null,
    seen_at timestamptz not null,
    registered_at timestamptz,
    clock_offset_s double precision,
    items integer not null default 0,
    told_at timestamptz,
    subscriptions jsonb not null default '{}',
    primary key (station_id, name)
);

-- Who and what a station has. Every row belongs to one station.
-- depends:

create table station (
    id text primary key,
    name text not null,
    time_zone text not null,
    -- Grows with each change to any registry row of the station, so that readers know their copy is old.
    registry_version bigint not null default 1
);

create table area (
    station_id text not null references station,
    id text not null,
    kind text not null check (kind in ('beat', 'grid', 'special_grid')),
    name text not null,
    parent text,
    primary key (station_id, id),
    foreign key (station_id, parent) references area (station_id, id)
);

create table place (
    station_id text not null references station,
    id text not null,
    kind text not null,
    area_id text not null,
    name text not null,
    lat double precision,
    lon double precision,
    primary key (station_id, id),
    foreign key (station_id, area_id) references area (station_id, id)
);

create table device (
    station_id text not null references station,
    id text not null check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
    kind text not null,
    place_id text not null,
    name text not null,
    -- SHA-256 of the device's own secret: 128 random bits need no slow hash.
    secret_sha256 text,
    primary key (station_id, id),
    foreign key (station_id, place_id) references place (station_id, id)
);

create table person (
    station_id text not null references station,
    id text not null,
    name text not null,
    place_id text not null,
    care jsonb not null default '{}',
    primary key (station_id, id),
    foreign key (station_id, place_id) references place (station_id, id)
);

create table user_account (
    username text primary key,
    station_id text not null references station,
    name text not null,
    role text not null check (role in ('operator', 'officer', 'commander', 'grid_worker', 'auditor', 'admin')),
    -- Areas the user may see; null means the whole station.
    areas text[],
    phone text,
    password_hash text,
    failed_logins integer not null default 0,
    locked_until timestamptz
);

create table duty (
    station_id text not null references station,
    area_id text not null,
    officer text not null references user_account,
    deputy text references user_account,
    commander text references user_account,
    primary key (station_id, area_id),
    foreign key (station_id, area_id) references area (station_id, id)
);

create table user_session (
    token_sha256 text primary key,
    username text not null references user_account on delete cascade,
    created_at timestamptz not null,
    used_at timestamptz not null
);

-- Who did or saw what. Append-only: the trigger refuses everything else.
create table audit (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    station_id text,
    username text,
    act text not null,
    object text,
    detail jsonb not null default '{}'
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name;
end
$$;

create trigger audit_append_only before update or delete or truncate on audit
    for each statement execute function refuse_change();

-- What a map shows of a station: outlines of areas, plans of places; and rounds of looking at places from afar (网上巡查).
-- depends: 0014.bulletins

-- GeoJSON, WGS-84.
alter table area add column shape jsonb;

-- A picture laid over the map. `content`: sealed, base64. `corners`: [lat, lon] of top left and bottom right, or of top
-- left, top right and bottom left.
create table place_plan (
    station_id text not null,
    place_id text not null,
    content_type text not null,
    size integer not null,
    sha256 text not null,
    corners jsonb not null,
    content bytea not null,
    put_by text not null,
    put_at timestamptz not null,
    primary key (station_id, place_id),
    foreign key (station_id, place_id) references place (station_id, id) on delete cascade
);

-- What is to be looked at, in order: `points` of place, device and what to look for; `at` times of day, `shift` whose
-- turns it belongs to.
create table patrol_route (
    station_id text not null references station,
    id text not null,
    area_id text not null,
    name text not null,
    points jsonb not null,
    at text[] not null,
    within_min integer not null,
    shift text,
    -- Nothing was due before it was there.
    made_at timestamptz not null default now(),
    primary key (station_id, id),
    foreign key (station_id, area_id) references area (station_id, id)
);

-- One walk through a route. It keeps its own points: routes change. Not ended by then, it is over at `ends_by`.
create table patrol_round (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    route_id text not null,
    area_id text not null,
    name text not null,
    points jsonb not null,
    username text not null,
    began_at timestamptz not null,
    ends_by timestamptz not null,
    ended_at timestamptz,
    ended_by text
);
create index patrol_round_route on patrol_round (station_id, route_id, id desc);
create index patrol_round_began on patrol_round (station_id, began_at);

-- What was seen at a point; the last look at it counts.
create table patrol_look (
    id bigint generated always as identity primary key,
    round_id bigint not null references patrol_round on delete cascade,
    point integer not null,
    username text not null,
    at timestamptz not null,
    client_at timestamptz,
    client_id text,
    seen text not null check (seen in ('ok', 'finding', 'not_visible')),
    code text,
    note_sealed bytea,
    alert_id bigint references alert on delete set null
);
create unique index patrol_look_client on patrol_look (round_id, username, client_id) where client_id is not null;
create index patrol_look_round on patrol_look (round_id, id);
create index patrol_look_at on patrol_look (username, at);
-- Followed backwards when an old alert goes.
create index patrol_look_alert on patrol_look (alert_id) where alert_id is not null;

-- What was done about a work item that does not end by itself.
create table work_item_done (
    alert_id bigint primary key references alert on delete cascade,
    at timestamptz not null,
    username text not null,
    text_sealed bytea not null
);

-- Whoever looks at where people are leaves a line now and then, not one for each look.
create index audit_positions on audit (station_id, username, at desc) where act = 'positions.seen';

-- Rounds that began long ago, with their looks.
create function retire_rounds(of_station text, older timestamptz, moment timestamptz) returns bigint
language plpgsql as $$
declare
    went bigint;
begin
    perform refuse_to_retire_after(moment, older);
    delete from patrol_round where station_id = of_station and ends_by < older;
    get diagnostics went = row_count;
    perform say_retired(of_station, moment, 'rounds', went, older);
    return went;
end
$$;

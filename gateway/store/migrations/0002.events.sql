-- What devices said, and what the road keeps while it judges.
-- depends: 0001.registry

-- One row per event id: what makes a redelivery harmless. The digest tells a redelivery from a reused id.
-- Kept a little longer than the oldest event that is still taken in.
create table event_seen (
    station_id text not null,
    device_id text not null,
    event_id text not null,
    digest bigint not null,
    ts timestamptz not null,
    primary key (station_id, device_id, event_id)
);
create index event_seen_ts on event_seen using brin (ts);

-- Events, by their own time. A TimescaleDB hypertable where the extension is loaded, else native range
-- partitions by day: the same columns, the same keys, the same queries.
do $migration$
declare
    columns constant text := $columns$
        station_id text not null,
        device_id text not null,
        event_id text not null,
        ts timestamptz not null,
        device_ts timestamptz not null,
        received_at timestamptz not null,
        committed_at timestamptz not null default now(),
        kind text not null,
        place_id text,
        skewed boolean not null default false,
        data jsonb not null,
        primary key (station_id, device_id, ts, event_id)
    $columns$;
begin
    -- A setting that its loader defines: `shared_preload_libraries` itself only superusers may read.
    if current_setting('timescaledb.max_background_workers', true) is not null then
        create extension if not exists timescaledb;
        execute format('create table event (%s)', columns);
        perform create_hypertable('event', 'ts', chunk_time_interval => interval '1 day', create_default_indexes => false);
        alter table event set (
            timescaledb.compress,
            timescaledb.compress_segmentby = 'station_id, device_id',
            timescaledb.compress_orderby = 'ts, event_id'
        );
    else
        execute format('create table event (%s) partition by range (ts)', columns);
    end if;
end
$migration$;

create index event_by_time on event (station_id, ts desc);

create table dead_letter (
    id bigint generated always as identity primary key,
    station_id text not null,
    source text not null,
    topic text not null,
    reason text not null,
    detail text not null,
    payload bytea not null,
    sha256 text not null,
    size bigint not null,
    -- First and last time; `seen` counts arrivals, redeliveries included.
    received_at timestamptz not null,
    last_received_at timestamptz not null,
    seen bigint not null default 1,
    unique (station_id, topic, sha256, reason)
);
create index dead_letter_recent on dead_letter (station_id, id desc);

-- The second source: what came over HTTP and waits for the road.
create table inbox (
    id bigint generated always as identity primary key,
    station_id text not null,
    topic text not null,
    payload bytea not null,
    received_at timestamptz not null
);

-- One row per station: who drives its road. `version` grows with every commit of the road; a writer that does
-- not know the present one has been overtaken.
create table road (
    station_id text primary key references station,
    version bigint not null default 0
);

create table device_health (
    station_id text not null,
    device_id text not null,
    last_heard timestamptz not null,
    online boolean,
    battery smallint,
    primary key (station_id, device_id)
);

create table rule_version (
    rule_id text not null,
    version integer not null,
    digest text not null,
    definition jsonb not null,
    active boolean not null,
    published_at timestamptz not null,
    primary key (rule_id, version),
    unique (rule_id, digest)
);
create unique index rule_version_active on rule_version (rule_id) where active;

create table rule_state (
    station_id text not null,
    rule_id text not null,
    subject text not null,
    state jsonb not null,
    primary key (station_id, rule_id, subject)
) with (fillfactor = 70);

create table rule_timer (
    station_id text not null,
    rule_id text not null,
    subject text not null,
    name text not null,
    due_at timestamptz not null,
    primary key (station_id, rule_id, subject, name)
);
create index rule_timer_due on rule_timer (station_id, due_at);

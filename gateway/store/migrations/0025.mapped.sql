-- What the road remembers for mappings (connectors/mapping): messages of other vendors repeat their state, without an id.
-- depends: 0002.events

-- The state a device told last, by name, and the newest messages that told it: [hash, seconds since 1970 of receipt].
-- `value` is null for what simply happens, like the press of a button: then only the messages count.
create table mapped_state (
    station_id text not null,
    device_id text not null,
    name text not null,
    value text,
    marks jsonb not null,
    primary key (station_id, device_id, name)
) with (fillfactor = 70);

-- What this road's session at the broker has been subscribed to for mappings, ever: what is wanted no longer is let go.
alter table road add column mapped_topics text[] not null default '{}';

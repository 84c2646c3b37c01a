-- What cameras look at, as their workers tell it while somebody sets one up.
-- depends: 0001.registry

-- Unlogged, as the stills beside it: gone with a crash of the database, in no backup, asked for anew within seconds.
create unlogged table camera_description (
    station_id text not null,
    device_id text not null,
    -- When somebody asked last; when the worker told it, and what, null until it has.
    asked_at timestamptz not null,
    told_at timestamptz,
    sealed bytea,
    primary key (station_id, device_id)
);

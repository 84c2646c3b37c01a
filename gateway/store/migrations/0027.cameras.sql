-- What cameras look at, as their workers tell it while somebody sets one up; pictures that findings of a round keep.
-- depends: 0018.map

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

-- What a camera showed when somebody found something on a round: it goes with the look, and that with its round.
create table patrol_picture (
    look_id bigint primary key references patrol_look on delete cascade,
    device_id text not null,
    taken_at timestamptz not null,
    size integer not null,
    sha256 text not null,
    -- JPEG, base64, sealed.
    content bytea not null
);

-- People watch cameras live, as stills; clips of what others said at their place are asked of cameras.
-- depends: 0023.media

-- Both are unlogged: gone with a crash of the database, in no backup. Whoever still looks asks again within seconds.
create unlogged table camera_watch (
    station_id text not null,
    device_id text not null,
    username text not null,
    -- Since when without a pause, and when last.
    since timestamptz not null,
    asked_at timestamptz not null,
    primary key (station_id, device_id, username)
);
create unlogged table camera_still (
    station_id text not null,
    device_id text not null,
    taken_at timestamptz not null,
    received_at timestamptz not null,
    sealed bytea not null,
    primary key (station_id, device_id)
);
alter table camera_still alter column sealed set storage external;

-- Of which event of another device a camera was asked for a clip, and for which alert: once.
create table clip_request (
    alert_id bigint not null references alert on delete cascade,
    station_id text not null references station,
    device_id text not null,
    of_device text not null,
    of_event text not null,
    asked_at timestamptz not null,
    primary key (alert_id, device_id)
);
create index clip_request_of on clip_request (station_id, device_id, of_device, of_event);
create index clip_request_recent on clip_request (station_id, asked_at);

-- Which camera took it: of one event several may have.
alter table media add column taken_by text;
update media set taken_by = device_id;
alter table media alter column taken_by set not null;
alter table media drop constraint media_station_id_device_id_event_id_role_key;
alter table media add constraint media_once unique (station_id, device_id, event_id, role, taken_by);

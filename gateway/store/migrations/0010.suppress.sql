-- What is kept quiet and what was heard; who comes and goes; floods and their digests.
-- depends: 0006.people

-- When an alert was last kept from sounding, and the places and persons people were told of.
alter table alert add column suppressed_at timestamptz;
alter table alert add column told_of text[] not null default '{}';
-- Those to be heard as soon as their reason is over.
create index alert_kept_quiet on alert (station_id, id)
    where ended_at is null and active and stream = 'alert' and suppressed_by is not null and acknowledged_at is null;
create index alert_raised on alert (station_id, raised_at);

-- A shelf may end as soon as the condition clears.
alter table shelf add column until_clear boolean not null default false;
alter table shelf add column agreed_at timestamptz;

-- Each time an alert sounded, or would have: then the reason says why it did not. `spot` is what a flood folds by: the
-- building, else the area.
create table sounding (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    at timestamptz not null,
    alert_id bigint not null references alert,
    rule_id text not null,
    priority text not null,
    place_id text,
    area_id text,
    spot text not null,
    reason text
);
create index sounding_at on sounding (station_id, at);
create index sounding_heard on sounding (station_id, rule_id, spot, at) where reason is null;
create index sounding_alert on sounding (alert_id);

-- How an identity comes and goes: the moments it last came, since when it chatters.
create table flapping (
    station_id text not null references station,
    rule_id text not null,
    subject text not null,
    place_id text,
    device_id text,
    active boolean not null,
    turns timestamptz[] not null,
    last_at timestamptz not null,
    since timestamptz,
    primary key (station_id, rule_id, subject)
);
create index flapping_chatters on flapping (station_id) where since is not null;
create index flapping_old on flapping (station_id, last_at);

-- More than people can read. One at a time; the report is written when it ends.
create table flood (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    since timestamptz not null,
    ended_at timestamptz,
    report jsonb
);
create unique index flood_standing on flood (station_id) where ended_at is null;
create index flood_recent on flood (station_id, id desc);

-- What a flood folded, per rule and spot: told to the people of the incident of `alert_id` now and then, and at the end.
create table digest (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    flood_id bigint not null references flood,
    rule_id text not null,
    spot text not null,
    alert_id bigint not null references alert,
    first_at timestamptz not null,
    count integer not null,
    told_count integer not null default 0,
    due_at timestamptz not null,
    closed_at timestamptz,
    unique (flood_id, rule_id, spot)
);
create index digest_due on digest (station_id, due_at) where closed_at is null;

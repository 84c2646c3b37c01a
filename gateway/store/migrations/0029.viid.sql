-- The county's image database (GA/T 1400): its links stand beside those of GB/T 28181; what it subscribes to.
-- depends: 0028.county

-- `began_at`: pictures from before are not sent.
alter table county_link add column kind text not null default 'gb28181' check (kind in ('gb28181', 'gat1400'));
alter table county_link add column began_at timestamptz;

-- Until it ends or the platform takes it back.
create table viid_subscription (
    station_id text not null references station,
    link text not null,
    id text not null check (id ~ '^[0-9]{33}$'),
    title text not null,
    details text[] not null,
    receive text not null,
    begins_at timestamptz not null,
    ends_at timestamptz not null,
    interval_s integer not null,
    made_at timestamptz not null,
    primary key (station_id, link, id)
);

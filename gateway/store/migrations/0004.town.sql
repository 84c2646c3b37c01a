-- Gateways that speak for the devices behind them, flats that lie in buildings, drills, history.
-- depends: 0003.alerts

alter table place add column parent text;
alter table place add constraint place_parent foreign key (station_id, parent) references place (station_id, id)
    deferrable initially deferred;

-- The gateway that speaks for a device; null: the device has a connection of its own.
alter table device add column via text;
alter table device add constraint device_via foreign key (station_id, via) references device (station_id, id)
    deferrable initially deferred;

-- A planned test: what these devices say within the span is real on the road, and marked as a drill end to end.
create table drill (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    device_id text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    note text not null,
    announced_by text not null,
    check (starts_at < ends_at),
    foreign key (station_id, device_id) references device (station_id, id)
);
create index drill_recent on drill (station_id, ends_at desc);

-- The last alert of an identity is asked for at each new one, also when hundreds come at once.
create index alert_identity on alert (station_id, rule_id, subject, id desc);
create index notification_alert on notification (alert_id);

alter table alert add column drill boolean not null default false;
alter table incident add column drill boolean not null default false;

-- A probe travels the whole road and rings nobody: it is neither an alert nor work for anybody.
alter table alert drop constraint alert_stream_check;
alter table alert add constraint alert_stream_check check (stream in ('alert', 'work_item', 'probe'));

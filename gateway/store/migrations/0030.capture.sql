-- What a link's process is asked to record of its traffic: until when, where it does, and how much there is.
-- depends: 0028.county

alter table county_link
    add column capture_until timestamptz,
    add column capture_file text,
    add column capture_messages integer not null default 0;

-- Its page asks every few seconds what became of alarms, among all messages of half a year.
create index notification_county on notification (station_id, id) where purpose = 'county';
create index notification_county_state on notification (station_id, channel, state, created_at) where purpose = 'county';

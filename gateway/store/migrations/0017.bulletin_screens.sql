-- Followed backwards when an old message goes: without it each one reads through all that screens were ever told.
-- depends: 0016.retention

create index bulletin_screen_message on bulletin_screen (notification_id) where notification_id is not null;

-- Whoever takes notices outlives the division into areas: one that no longer is leaves them to who sees the whole station.
alter table enterprise drop constraint enterprise_station_id_area_id_fkey;

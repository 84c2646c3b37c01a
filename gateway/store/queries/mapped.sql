-- name: load
-- What is remembered under these names of devices.
select m.device_id, m.name, m.value, m.marks
from mapped_state m join unnest(%(devices)s::text[], %(names)s::text[]) as wanted (device, name)
    on m.device_id = wanted.device and m.name = wanted.name
where m.station_id = %(station)s

-- name: save
-- Remember the newest.
insert into mapped_state (station_id, device_id, name, value, marks)
select %(station)s, s.device, s.name, s.value, s.marks
from unnest(%(devices)s::text[], %(names)s::text[], %(values)s::text[], %(marks)s::jsonb[])
    as s (device, name, value, marks)
on conflict (station_id, device_id, name) do update set value = excluded.value, marks = excluded.marks

-- name: note_topics
-- Add what is about to be subscribed to, and return all that ever was.
insert into road (station_id, mapped_topics) values (%(station)s, %(topics)s::text[])
on conflict (station_id) do update
set mapped_topics = array(select distinct unnest(road.mapped_topics || excluded.mapped_topics))
returning mapped_topics

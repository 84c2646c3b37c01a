-- name: put
-- A picture or clip of an event; nothing when there is one in this role by this camera.
insert into media (station_id, device_id, event_id, role, taken_by, content_type, size, sha256, from_at, until_at,
    received_at, sealed)
values (%(station)s, %(device)s, %(event)s, %(role)s, %(taken_by)s, %(content_type)s, %(size)s, %(sha256)s, %(from_at)s,
    %(until_at)s, %(now)s, %(sealed)s)
on conflict (station_id, device_id, event_id, role, taken_by) do nothing returning id

-- name: there
select id, sha256 from media
where station_id = %(station)s and device_id = %(device)s and event_id = %(event)s and role = %(role)s
    and taken_by = %(taken_by)s

-- name: handed_in_since
-- How much a camera has handed in since a moment.
select coalesce(sum(size), 0) from media
where station_id = %(station)s and taken_by = %(taken_by)s and received_at >= %(since)s

-- name: fresh
-- Pictures nobody has looked at yet, with the alerts that name their event.
select m.id, array(
    select e.alert_id from evidence_event e where e.reference = m.device_id || '/' || m.event_id order by e.alert_id
) as alerts
from media m where m.station_id = %(station)s and m.fresh order by m.id limit %(limit)s

-- name: looked_at
update media set fresh = false where id = any (%(ids)s)

-- name: of_events
-- The pictures of events, by reference.
select m.id from media m join unnest(%(references)s::text[]) as told (reference)
    on m.device_id = split_part(told.reference, '/', 1)
    and m.event_id = substr(told.reference, length(split_part(told.reference, '/', 1)) + 2)
where m.station_id = %(station)s order by m.id

-- name: take_up
-- A record of an alert speaks for a picture from now on, unless one does already.
insert into evidence_media (media_id, alert_id) values (%(media)s, %(alert)s) on conflict do nothing returning media_id

-- name: whole
select id, device_id as device, event_id as event, role, taken_by, content_type, size, sha256, from_at, until_at,
    received_at, sealed
from media where id = %(media)s

-- name: of_alert
-- The pictures that an alert's records speak for, without their bytes.
select m.id, m.taken_by as camera, m.device_id as device, m.event_id as event, m.role, m.content_type, m.size, m.sha256, m.from_at, m.until_at
from evidence_media e join media m on m.id = e.media_id where e.alert_id = %(alert)s order by m.from_at, m.id

-- name: areas
-- Where alerts are.
select id, area_id from alert where id = any (%(alerts)s)

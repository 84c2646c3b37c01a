-- name: camera
-- A camera within a scope.
select d.id from device d join place p on p.station_id = d.station_id and p.id = d.place_id
where d.station_id = %(station)s and d.id = %(device)s and d.kind = 'camera'
    and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))

-- name: watch
-- Somebody asks for a still: since when they have without a pause, when anybody asked last, as far as it was written.
with last as (
    select max(asked_at) as asked_at from camera_watch where station_id = %(station)s and device_id = %(device)s
)
insert into camera_watch as w (station_id, device_id, username, since, asked_at)
values (%(station)s, %(device)s, %(username)s, %(now)s, %(now)s)
on conflict (station_id, device_id, username) do update set asked_at = excluded.asked_at,
    since = case when w.asked_at > %(paused)s then w.since else excluded.since end
    where w.asked_at <= %(written)s
returning since, (select asked_at from last)

-- name: wake
notify anxin_live

-- name: watched
-- Cameras somebody has asked for since a moment, and when last.
select device_id, max(asked_at) from camera_watch where station_id = %(station)s and asked_at > %(since)s
group by device_id order by device_id

-- name: put_still
-- The newest still of a camera, while somebody watches it.
insert into camera_still (station_id, device_id, taken_at, received_at, sealed)
select %(station)s, %(device)s, %(taken_at)s, %(now)s, %(sealed)s
where exists (
    select from camera_watch where station_id = %(station)s and device_id = %(device)s and asked_at > %(since)s)
on conflict (station_id, device_id) do update set taken_at = excluded.taken_at, received_at = excluded.received_at,
    sealed = excluded.sealed
returning device_id

-- name: still
select taken_at, sealed from camera_still
where station_id = %(station)s and device_id = %(device)s and received_at > %(since)s

-- name: forget_watches
delete from camera_watch where station_id = %(station)s and asked_at <= %(before)s

-- name: forget_stills
-- Nobody watches these cameras any more.
delete from camera_still s where s.station_id = %(station)s and not exists (
    select from camera_watch w where w.station_id = s.station_id and w.device_id = s.device_id)

-- name: to_ask
-- Alerts just raised whose place has cameras that are there and have not spoken themselves, not asked yet: of the newest
-- event. Not of drills, of history, of what was taken back; of no camera that is asked too often.
select a.id as alert, c.id as camera, a.events ->> -1 as event, a.last_event_at as at, lately.n as lately
from alert a
join device c on c.station_id = a.station_id and c.place_id = a.place_id and c.kind = 'camera'
join device_health h on h.station_id = c.station_id and h.device_id = c.id and h.online
cross join lateral (
    select count(*) as n from clip_request r
    where r.station_id = a.station_id and r.device_id = c.id and r.asked_at > %(minute)s) as lately
where a.station_id = %(station)s and a.raised_at > %(since)s and a.last_event_at > %(since)s and a.stream = 'alert'
    and not a.drill and not a.retracted and a.suppressed_by is distinct from 'history' and a.events <> '[]'
    and lately.n < %(most)s
    and not exists (
        select from jsonb_array_elements_text(a.events) e (reference) where split_part(e.reference, '/', 1) = c.id)
    and not exists (select from clip_request r where r.alert_id = a.id and r.device_id = c.id)
order by a.priority, a.id, c.id limit %(limit)s

-- name: note_asked
-- Once for each alert and camera.
insert into clip_request (alert_id, station_id, device_id, of_device, of_event, asked_at)
values (%(alert)s, %(station)s, %(camera)s, %(of_device)s, %(of_event)s, %(now)s) on conflict do nothing

-- name: was_asked
-- Whether a camera was asked for a clip of an event.
select exists (
    select from clip_request where station_id = %(station)s and device_id = %(camera)s and of_device = %(of_device)s
        and of_event = %(of_event)s)

-- name: ask_description
-- Somebody asks what a camera looks at: when anybody had asked last.
with last as (
    select asked_at from camera_description where station_id = %(station)s and device_id = %(device)s
)
insert into camera_description (station_id, device_id, asked_at) values (%(station)s, %(device)s, %(now)s)
on conflict (station_id, device_id) do update set asked_at = excluded.asked_at
returning (select asked_at from last)

-- name: description
select told_at, sealed from camera_description
where station_id = %(station)s and device_id = %(device)s and told_at > %(since)s

-- name: to_describe
select device_id from camera_description where station_id = %(station)s and asked_at > %(since)s order by device_id

-- name: put_description
-- What a camera looks at, while somebody asks.
update camera_description set told_at = %(now)s, sealed = %(sealed)s
where station_id = %(station)s and device_id = %(device)s and asked_at > %(since)s
returning device_id

-- name: forget_descriptions
delete from camera_description where station_id = %(station)s and asked_at <= %(before)s

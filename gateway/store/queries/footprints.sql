-- name: persons
-- Where persons within a scope live, and the areas of that.
select q.id, q.place_id, p.area_id from person q join place p on p.station_id = q.station_id and p.id = q.place_id
where q.station_id = %(station)s and q.id = any (%(ids)s)
    and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))

-- name: incidents
-- Where incidents within a scope are.
select i.id, i.place_id, i.area_id from incident i
where i.station_id = %(station)s and i.id = any (%(ids)s)
    and (%(areas)s::text[] is null or i.area_id = any (%(areas)s))

-- name: put
-- A footprint; one the phone has told before is known.
insert into footprint (station_id, username, at, client_at, kind, area_id, place_id, person_id, incident_id, lat, lon,
    note_sealed, client_id)
values (%(station)s, %(username)s, %(at)s, %(client_at)s, %(kind)s, %(area)s, %(place)s, %(person)s, %(incident)s,
    %(lat)s, %(lon)s, %(note)s, %(client_id)s)
on conflict (station_id, username, client_id) do nothing returning id

-- name: known
select id from footprint
where station_id = %(station)s and username = %(username)s and client_id = %(client_id)s

-- name: list
-- Somebody's footprints within a scope, newest first. A position has no area: who has areas sees others' acts there only.
select f.id, f.username, f.at, f.client_at, f.kind, f.area_id as area, f.place_id as place, f.person_id as person,
    f.incident_id as incident, f.lat, f.lon, f.note_sealed, f.client_id
from footprint f
where f.station_id = %(station)s and f.username = %(username)s and f.at >= %(since)s and f.at < %(until)s
    and (%(areas)s::text[] is null or f.area_id = any (%(areas)s))
    and (%(kind)s::text is null or f.kind = %(kind)s) and (%(before)s::bigint is null or f.id < %(before)s)
order by f.id desc limit %(limit)s

-- name: latest
-- Where each of these was last: who is nearest. For whom an area is nobody's business, where a colleague is, is.
select u.username, f.at, f.lat, f.lon from unnest(%(usernames)s::text[]) u (username)
cross join lateral (
    select g.at, g.lat, g.lon from footprint g
    where g.station_id = %(station)s and g.username = u.username and g.at >= %(since)s and g.lat is not null
        and (%(areas)s::text[] is null or g.area_id is null or g.area_id = any (%(areas)s))
    order by g.at desc, g.id desc limit 1) f

-- name: forget_positions
-- Where somebody was is nobody's business for ever: positions go, visits stay without their coordinates.
with blurred as (
    update footprint set lat = null, lon = null
    where station_id = %(station)s and at < %(before)s and kind <> 'position' and lat is not null
)
delete from footprint where station_id = %(station)s and at < %(before)s and kind = 'position'

-- name: note_seen
-- Somebody sees where people on duty in their areas are: one line, unless there is one that is not older than a moment.
insert into audit (at, station_id, username, act, object, detail)
select %(now)s, %(station)s, %(username)s, 'positions.seen', 'duty', jsonb_build_object('areas', %(areas)s::text[])
where not exists (
    select from audit where station_id = %(station)s and username = %(username)s and act = 'positions.seen'
        and at > %(after)s and detail -> 'areas' = coalesce(to_jsonb(%(areas)s::text[]), 'null'))

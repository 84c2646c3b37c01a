-- name: area
select id from area
where station_id = %(station)s and id = %(id)s and (%(areas)s::text[] is null or id = any (%(areas)s))

-- name: person
-- The home of a person within a scope.
select p.place_id from person p join place l on l.station_id = p.station_id and l.id = p.place_id
where p.station_id = %(station)s and p.id = %(id)s and (%(areas)s::text[] is null or l.area_id = any (%(areas)s))

-- name: persons_at
select id from person where station_id = %(station)s and place_id = %(place)s order by id

-- name: trail
-- What was heard of a person: of their own devices everything, of doors only what names them or their cards.
-- Within a scope, newest first. Each branch walks the key (station, device, time).
with known as (
    select d.id, p.area_id, p.id as place_id, d.id = any (%(devices)s) as own
    from device d join place p on p.station_id = d.station_id and p.id = d.place_id
    where d.station_id = %(station)s and (d.id = any (%(devices)s) or d.id = any (%(doors)s))
        and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))
)
select e.device_id as device, e.event_id as id, e.kind, e.ts, e.received_at, k.place_id as place, k.area_id as area, e.data
from known k join lateral (
    select * from event e
    where e.station_id = %(station)s and e.device_id = k.id and e.ts >= %(since)s and e.ts < %(until)s
        and (k.own or e.data ->> 'person' = any (%(persons)s) or e.data ->> 'credential' = any (%(credentials)s))
    order by e.ts desc limit %(limit)s
) e on true
order by e.ts desc, e.device_id, e.event_id limit %(limit)s

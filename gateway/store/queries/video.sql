-- name: near
-- Cameras with video at a place, in the building it lies in, or not far on the plane that the ground is here; a flat
-- without coordinates stands where its building does.
with at as (
    select p.id, coalesce(p.parent, p.id) as building, coalesce(p.lat, b.lat) as lat, coalesce(p.lon, b.lon) as lon
    from place p left join place b on b.station_id = p.station_id and b.id = p.parent
    where p.station_id = %(station)s and p.id = %(place)s
), camera as (
    select d.id, d.name, p.name as place, coalesce(p.parent, p.id) as building, p.id as place_id,
        coalesce(p.lat, b.lat) as lat, coalesce(p.lon, b.lon) as lon
    from device d
    join place p on p.station_id = d.station_id and p.id = d.place_id
    left join place b on b.station_id = p.station_id and b.id = p.parent
    where d.station_id = %(station)s and d.kind = 'camera' and d.attributes -> 'video' ->> 'platform' = any (%(platforms)s)
        and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))
), told as (
    select c.id, c.name, c.place, c.place_id = at.id as here, c.building = at.building as inside,
        sqrt(power((c.lat - at.lat) * 111320, 2) + power((c.lon - at.lon) * 111320 * cos(radians(at.lat)), 2)) as metres
    from camera c cross join at
)
select id as device, name, place, case when here then 0 else coalesce(round(metres), 0)::int end as metres from told
where here or inside or metres <= %(metres)s
order by here desc, inside desc, metres nulls last, id limit %(limit)s

-- name: attributes
-- A camera within a scope.
select d.attributes from device d join place p on p.station_id = d.station_id and p.id = d.place_id
where d.station_id = %(station)s and d.id = %(device)s and d.kind = 'camera'
    and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))

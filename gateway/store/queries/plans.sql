-- name: put
-- The plan of a place within a scope; an older one gives way.
insert into place_plan (station_id, place_id, content_type, size, sha256, corners, content, put_by, put_at)
select p.station_id, p.id, %(content_type)s, %(size)s, %(sha256)s, %(corners)s, %(content)s, %(by)s, %(now)s
from place p where p.station_id = %(station)s and p.id = %(place)s
    and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))
on conflict (station_id, place_id) do update set content_type = excluded.content_type, size = excluded.size,
    sha256 = excluded.sha256, corners = excluded.corners, content = excluded.content, put_by = excluded.put_by,
    put_at = excluded.put_at

-- name: get
-- The plan of a place within a scope, without its picture.
select l.content_type, l.size, l.sha256, l.corners from place_plan l
join place p on p.station_id = l.station_id and p.id = l.place_id
where l.station_id = %(station)s and l.place_id = %(place)s
    and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))

-- name: content
-- The picture of a plan within a scope, sealed.
select l.content from place_plan l join place p on p.station_id = l.station_id and p.id = l.place_id
where l.station_id = %(station)s and l.place_id = %(place)s
    and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))

-- name: remove
delete from place_plan l using place p
where l.station_id = %(station)s and l.place_id = %(place)s and p.station_id = l.station_id and p.id = l.place_id
    and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))

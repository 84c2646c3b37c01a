-- name: lock
-- Taken last before commit, so that numbers follow the order of commits.
select pg_advisory_xact_lock(hashtextextended('anxin change ' || %(station)s, 0))

-- name: append
insert into change (station_id, id, at, kind, area_id, body)
select %(station)s, last.id + c.ordinal, c.at, c.kind, c.area, c.body::jsonb
from (select coalesce(max(id), 0) as id from change where station_id = %(station)s) as last,
    unnest(%(ats)s::timestamptz[], %(kinds)s::text[], %(areas)s::text[], %(bodies)s::text[])
        with ordinality as c (at, kind, area, body, ordinal)
returning id

-- name: after
-- What changed after a number, in order.
select id, at, kind, area_id as area, body from change
where station_id = %(station)s and id > %(after)s order by id limit %(limit)s

-- name: span
-- The oldest and newest numbers kept.
select min(id), max(id) from change where station_id = %(station)s

-- name: forget
-- Old numbers; the newest always stays, since numbering goes on from it, and so does what is not frozen yet.
delete from change c where c.station_id = %(station)s and c.at < %(before)s
    and c.id <= coalesce((select change_id from evidence_cursor where station_id = %(station)s), c.id)
    and c.id < (select max(id) from change where station_id = %(station)s)

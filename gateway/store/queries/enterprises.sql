-- name: list
-- Enterprises within a scope that take notices, and what became of the last one.
select e.id, e.name, e.area_id as area, e.made_by, e.made_at, (
    select jsonb_build_object('state', n.state, 'at', n.created_at, 'answer', (
        select t.detail from attempt t where t.notification_id = n.id order by t.id desc limit 1))
    from notification n where n.enterprise_id = e.id order by n.id desc limit 1) as last
from enterprise e
where e.station_id = %(station)s and (%(areas)s::text[] is null or e.area_id = any (%(areas)s)) and e.ended_at is null
order by e.id limit %(limit)s

-- name: unknown
-- Of these enterprises those that are not within a scope, or take no notices any more.
select wanted.id from unnest(%(wanted)s::bigint[]) as wanted (id)
where not exists (
    select from enterprise e where e.station_id = %(station)s and e.id = wanted.id and e.ended_at is null
        and (%(areas)s::text[] is null or e.area_id = any (%(areas)s)))

-- name: add
-- An enterprise in an area within a scope. Its endpoint is sealed about its id, so the id is drawn first.
insert into enterprise (id, station_id, name, area_id, endpoint_sealed, made_by, made_at) overriding system value
select %(id)s, a.station_id, %(name)s, a.id, %(sealed)s, %(by)s, %(now)s from area a
where a.station_id = %(station)s and a.id = %(area)s and (%(areas)s::text[] is null or a.id = any (%(areas)s))
returning id

-- name: next
select nextval(pg_get_serial_sequence('enterprise', 'id'))

-- name: end
-- An enterprise within a scope takes no notices any more; its address is forgotten.
update enterprise set ended_at = %(now)s, endpoint_sealed = ''
where station_id = %(station)s and id = %(id)s and ended_at is null
    and (%(areas)s::text[] is null or area_id = any (%(areas)s))
returning id

-- name: there
select id from enterprise
where station_id = %(station)s and id = %(id)s and ended_at is null
    and (%(areas)s::text[] is null or area_id = any (%(areas)s))

-- name: stop
update notification set state = 'stopped' where enterprise_id = %(id)s and state = 'queued'

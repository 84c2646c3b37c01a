-- name: insert
insert into wall (station_id, label, areas, token_sha256, made_by, made_at)
values (%(station)s, %(label)s, %(areas)s, %(token)s, %(by)s, %(now)s) returning id

-- name: list
-- The station's walls and when each last looked, without anything one could get in with.
select w.id, w.label, w.areas, w.made_by, w.made_at,
    (select max(s.used_at) from wall_session s where s.wall_id = w.id) as used_at
from wall w where w.station_id = %(station)s order by w.id

-- name: delete
-- A wall and its sessions.
delete from wall where station_id = %(station)s and id = %(id)s returning label

-- name: of_token
-- The wall of a token, by its hash.
select id, label, areas from wall where station_id = %(station)s and token_sha256 = %(token)s

-- name: open_session
insert into wall_session (token_sha256, wall_id, created_at, used_at) values (%(token)s, %(wall)s, %(now)s, %(now)s)

-- name: session
-- The session of a wall, as that of a user is told. Whoever is given an area is given what lies below it.
select 'wall/' || w.id as username, w.station_id as station, w.label as name, 'wall' as role,
    case when w.areas is not null then coalesce((
        with recursive below (id) as (
            select unnest(w.areas)
            union
            select a.id from area a join below on a.parent = below.id where a.station_id = w.station_id
        )
        select array_agg(id) from below), '{}')
    end as areas,
    s.created_at, s.used_at, w.id, true as totp
from wall_session s join wall w on w.id = s.wall_id
where s.token_sha256 = %(token)s

-- name: touch_session
update wall_session set used_at = %(now)s where token_sha256 = %(token)s

-- name: close_session
delete from wall_session where token_sha256 = %(token)s

-- name: forget_sessions
delete from wall_session where created_at < %(before)s

-- name: tries
-- Until when no more wrong tokens are written down.
select locked_until from wall_try where station_id = %(station)s and locked_until > %(now)s

-- name: failed
-- Count a wrong token; what was tried before the last lock ended is forgotten.
insert into wall_try (station_id, failed) values (%(station)s, 1)
on conflict (station_id) do update set
    failed = case when wall_try.locked_until <= %(now)s then 1 else wall_try.failed + 1 end,
    locked_until = case
        when wall_try.locked_until <= %(now)s then null
        when wall_try.failed + 1 >= %(limit)s then %(until)s
        else wall_try.locked_until
    end

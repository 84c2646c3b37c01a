-- name: list
-- The station's accounts, without anything one could log in with.
select username, name, role, areas, auxiliary, disabled_at is not null as disabled, locked_until,
    password_hash is not null as has_password, totp_confirmed_at is not null as totp
from user_account where station_id = %(station)s and (%(after)s::text is null or username > %(after)s)
order by username limit %(limit)s

-- name: get_held
-- One account of the station, held until the transaction ends.
select username, name, role, areas, auxiliary, disabled_at is not null as disabled, locked_until,
    password_hash is not null as has_password, totp_confirmed_at is not null as totp
from user_account where station_id = %(station)s and username = %(username)s for no key update

-- name: insert
insert into user_account (username, station_id, name, role, areas, auxiliary, password_hash)
values (%(username)s, %(station)s, %(name)s, %(role)s, %(areas)s, %(auxiliary)s, %(password_hash)s)
on conflict (username) do nothing

-- name: update
update user_account set name = %(name)s, role = %(role)s, areas = %(areas)s, auxiliary = %(auxiliary)s,
    disabled_at = case when %(disabled)s then coalesce(disabled_at, %(now)s) end
where station_id = %(station)s and username = %(username)s

-- name: unknown_areas
-- Which of these are no areas of the station.
select one from unnest(%(asked)s::text[]) as one
where not exists (select from area where station_id = %(station)s and id = one)

-- name: other_admins
-- Who else could mend things.
select count(*) from user_account
where station_id = %(station)s and role = 'admin' and disabled_at is null and username <> %(username)s

-- name: sessions
-- The sessions of one user that may still be used, the last used first.
select id, created_at, used_at, phone from user_session where username = %(username)s order by used_at desc

-- name: end_session
delete from user_session where username = %(username)s and id = %(id)s

-- name: end_sessions
-- All sessions of one user but one.
delete from user_session where username = %(username)s and id is distinct from %(but)s::bigint

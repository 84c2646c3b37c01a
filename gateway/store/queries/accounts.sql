-- name: user
select username, station_id as station, name, role, areas, password_hash, failed_logins, locked_until,
    totp_confirmed_at is not null as totp, disabled_at is not null as disabled
from user_account where username = %(username)s

-- name: names
-- Who is called what, of these roles.
select username as id, name, role from user_account
where station_id = %(station)s and role = any (%(roles)s) and disabled_at is null order by username

-- name: failed
update user_account set
    failed_logins = case when locked_until <= %(now)s then 1 else failed_logins + 1 end,
    locked_until = case
        when locked_until <= %(now)s then null
        when failed_logins + 1 >= %(limit)s then %(until)s
        else locked_until
    end
where username = %(username)s

-- name: succeeded
update user_account set failed_logins = 0, locked_until = null where username = %(username)s

-- name: open_session
insert into user_session (token_sha256, username, created_at, used_at, phone)
values (%(token)s, %(username)s, %(now)s, %(now)s, %(phone)s)

-- name: session
-- Whoever is given an area is given what lies below it.
select u.username, u.station_id as station, u.name, u.role,
    case when u.areas is not null then coalesce((
        with recursive below (id) as (
            select unnest(u.areas)
            union
            select a.id from area a join below on a.parent = below.id where a.station_id = u.station_id
        )
        select array_agg(id) from below), '{}')
    end as areas,
    s.created_at, s.used_at, s.id, s.phone, u.totp_confirmed_at is not null as totp
from user_session s join user_account u using (username)
where s.token_sha256 = %(token)s and u.disabled_at is null

-- name: touch_session
update user_session set used_at = %(now)s where token_sha256 = %(token)s

-- name: close_session
delete from user_session where token_sha256 = %(token)s

-- name: forget_sessions
delete from user_session where used_at < %(before)s

-- name: audit
insert into audit (at, station_id, username, act, object, detail, said_sealed)
values (%(at)s, %(station)s, %(username)s, %(act)s, %(object)s, %(detail)s, %(said_sealed)s)

-- name: audit_list
-- What was done and seen, newest first. `act` and `object` also name what begins with them, up to a dot or a slash.
select id, at, username, act, object, detail, said_sealed from audit
where station_id = %(station)s and (%(before)s::bigint is null or id < %(before)s)
    and (%(user)s::text is null or username = %(user)s)
    and (%(act)s::text is null or act = %(act)s or starts_with(act, %(act)s || '.'))
    and (%(object)s::text is null or object = %(object)s or starts_with(object, %(object)s || '/'))
    and (%(since)s::timestamptz is null or at >= %(since)s) and (%(until)s::timestamptz is null or at < %(until)s)
order by id desc limit %(limit)s

-- name: report_health
insert into process_health (station_id, process, at, facts) values (%(station)s, %(process)s, %(now)s, %(facts)s)
on conflict (station_id, process) do update set at = excluded.at, facts = excluded.facts

-- name: health
select process, at, facts from process_health where station_id = %(station)s

-- name: set_password
-- A new password; earlier sessions end.
with ended as (delete from user_session where username = %(username)s)
update user_account set password_hash = %(hash)s, failed_logins = 0, locked_until = null where username = %(username)s

-- name: replace_password
-- A new password by its owner, who is logged in.
update user_account set password_hash = %(hash)s where username = %(username)s

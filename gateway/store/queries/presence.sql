-- name: arrive
-- Somebody has an incident open; after a pause they have opened it anew.
insert into presence (incident_id, username, since, seen_at) values (%(incident)s, %(username)s, %(now)s, %(now)s)
on conflict (incident_id, username) do update set seen_at = excluded.seen_at,
    since = case when presence.seen_at > %(alive)s then presence.since else excluded.since end

-- name: leave
delete from presence where incident_id = %(incident)s and username = %(username)s

-- name: others
-- Who else has an incident within a scope open, whoever came first before the others.
select p.username, u.name, u.role, p.since
from presence p join incident i on i.id = p.incident_id join user_account u on u.username = p.username
where p.incident_id = %(incident)s and p.username <> %(username)s and p.seen_at > %(alive)s
    and i.station_id = %(station)s and (%(areas)s::text[] is null or i.area_id = any (%(areas)s))
    and u.disabled_at is null
order by p.since, p.username

-- name: forget
delete from presence p using incident i
where i.id = p.incident_id and i.station_id = %(station)s and p.seen_at < %(before)s

-- name: where_it_is
-- What a push may say of where something is: the area's name, without one the station's.
select coalesce((select a.name from area a where a.station_id = s.id and a.id = %(area)s), s.name)
from station s where s.id = %(station)s

-- name: responders
-- These users, with their role and the ways to reach them.
select u.username, u.role, {ways} as contacts
from user_account u where u.station_id = %(station)s and u.username = any (%(usernames)s) order by u.username

-- name: supervisors
-- The commanders who can be reached; those whose areas an incident lies in first.
with recursive above (id, parent) as (
    select id, parent from area where station_id = %(station)s and id = %(area)s
    union
    select a.id, a.parent from area a join above on a.id = above.parent where a.station_id = %(station)s
)
select u.username, coalesce(u.areas is null or u.areas && (select array_agg(id) from above), false) as near
from user_account u
where u.station_id = %(station)s and u.role = 'commander' and u.disabled_at is null and exists (
    select from contact c where c.station_id = u.station_id and c.username = u.username and c.state = 'active')
order by u.username

-- name: busy
-- Who is on an open incident, and on how many.
select u.username, count(*) from incident i cross join unnest(i.assignees) as u (username)
where i.station_id = %(station)s and i.state not in ('closed', 'merged', 'cancelled') group by u.username

-- name: climb_next
-- Whoever was called cannot come: the next call that waits is due now.
update rung set due_at = %(now)s
where (incident_id, sounding, number) = (
    select incident_id, sounding, number from rung
    where incident_id = %(incident)s and state = 'waiting' and kind = 'call'
    order by due_at, sounding, number limit 1 for update)
    and due_at > %(now)s

-- name: overdue
-- Incidents whose moment has passed, held until the transaction ends; those somebody acts on this moment come later.
select i.id from incident i
where i.station_id = %(station)s and i.due_at <= %(now)s and i.state not in ('closed', 'merged', 'cancelled')
order by i.priority, i.due_at limit %(limit)s for no key update of i skip locked

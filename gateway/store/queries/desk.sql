-- name: open
-- Somebody's place at the desk, held until the transaction ends.
select d.id, d.username, d.began_at,
    (select p.began_at from desk_pause p where p.desk_id = d.id and p.ended_at is null) as paused_at
from desk d where d.station_id = %(station)s and d.username = %(username)s and d.ended_at is null
for no key update of d

-- name: begin
insert into desk (station_id, username, began_at) values (%(station)s, %(username)s, %(at)s)
on conflict (username) where ended_at is null do nothing

-- name: pause
insert into desk_pause (desk_id, began_at) values (%(desk)s, %(at)s) on conflict do nothing

-- name: resume
update desk_pause set ended_at = greatest(began_at, %(at)s) where desk_id = %(desk)s and ended_at is null

-- name: end
update desk set ended_at = greatest(began_at, %(at)s), ended_why = 'ended' where id = %(desk)s

-- name: seats
-- Who was at the desk in a period. Whoever has not ended is there until their sessions have been idle for too long.
select d.id, d.username, u.name, d.began_at, t.ended_at, d.ended_at is null and t.ended_at >= %(now)s as at_desk,
    coalesce((
        select array_agg(array[p.began_at, coalesce(p.ended_at, t.ended_at)] order by p.began_at)
        from desk_pause p where p.desk_id = d.id), '{}') as pauses,
    exists (select from desk_pause p where p.desk_id = d.id and p.ended_at is null) as paused
from desk d join user_account u using (username)
cross join lateral (select coalesce(d.ended_at, greatest(d.began_at, least(%(now)s,
    (select max(s.used_at) from user_session s where s.username = d.username) + %(idle)s::interval))) as ended_at) t
where d.station_id = %(station)s and d.began_at < %(until)s and t.ended_at >= %(since)s
order by d.began_at, d.id

-- name: left_open
-- Incidents that are not over, the most urgent first.
select i.id, i.state, i.priority, i.category, i.title, i.place_id as place, i.area_id as area, i.opened_at, i.due_at,
    i.overdue, i.assignees, i.drill,
    i.overdue > 0 or coalesce(i.due_at < %(now)s, false) as late
from incident i
where i.station_id = %(station)s and i.state not in ('closed', 'merged', 'cancelled')
    and (%(areas)s::text[] is null or i.area_id = any (%(areas)s))
order by i.priority, i.opened_at, i.id limit %(limit)s

-- name: left_shelved
-- What is kept quiet by people: shelves, and single alerts.
select 'shelf' as what, s.id, s.rule_id as rule, s.subject, s.place_id as place, coalesce(p.area_id, s.area_id) as area,
    s.by_user as "by", s.ends_at
from shelf s left join place p on p.station_id = s.station_id and p.id = s.place_id
where s.station_id = %(station)s and s.ended_at is null and s.begins_at <= %(now)s and s.ends_at > %(now)s
    and (%(areas)s::text[] is null or coalesce(p.area_id, s.area_id) = any (%(areas)s))
union all
select 'alert', a.id, a.rule_id, a.subject, a.place_id, a.area_id, null, a.shelved_until
from alert a
where a.station_id = %(station)s and a.ended_at is null and a.shelved_until > %(now)s
    and (%(areas)s::text[] is null or a.area_id = any (%(areas)s))
order by ends_at, what, id limit %(limit)s

-- name: left_out_of_order
-- Devices that say they are gone.
select d.id, d.kind, d.name, d.place_id as place, p.area_id as area, h.last_heard
from device_health h join device d on d.station_id = h.station_id and d.id = h.device_id
join place p on p.station_id = d.station_id and p.id = d.place_id
where h.station_id = %(station)s and h.online is false and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))
order by h.last_heard, d.id limit %(limit)s

-- name: left_unreachable
-- Who is on the roster for these areas and can be told of nothing: no way to reach them, or none of the tests of their
-- ways arrived; and whoever is on duty now and silent.
with rostered (username) as (
    select unnest(array[d.officer, d.deputy, d.commander, d.leader]) from duty d
    where d.station_id = %(station)s and (%(areas)s::text[] is null or d.area_id = any (%(areas)s))
    union
    select unnest(s.people) from shift s
    where s.station_id = %(station)s and (%(areas)s::text[] is null or s.area_id = any (%(areas)s))
    union
    select unnest(%(silent)s::text[])
)
select u.username, u.name,
    case when count(c.id) = 0 then 'no_contact' when count(c.tested_at) = 0 then 'never_tested' else 'not_reached' end
        as why,
    max(c.tested_at) as tested_at, max(c.reached_at) as reached_at
from rostered r join user_account u using (username)
left join contact c on c.username = u.username and c.station_id = u.station_id and c.state = 'active'
where u.station_id = %(station)s
group by u.username, u.name
having count(c.id) = 0
    or bool_and(c.tested_at is not null and (c.reached_at is null or c.reached_at < c.tested_at))
    or u.username = any (%(silent)s)
order by u.username

-- name: hand_over
insert into desk_handover (station_id, areas, made_at, page, note_sealed, given_by, given_at)
values (%(station)s, %(areas)s, %(at)s, %(page)s, %(note)s, %(by)s, %(at)s) returning id

-- name: handover
-- One handover, of what somebody may see.
select h.id, h.areas, h.made_at, h.page, h.note_sealed, h.given_by, h.given_at, h.taken_by, h.taken_at
from desk_handover h where h.station_id = %(station)s and h.id = %(id)s
    and (%(areas)s::text[] is null or h.areas <@ %(areas)s)
for no key update

-- name: handovers
-- The latest handovers, without their pages.
select h.id, h.made_at, h.given_by, h.given_at, h.taken_by, h.taken_at from desk_handover h
where h.station_id = %(station)s and (%(areas)s::text[] is null or h.areas <@ %(areas)s)
order by h.id desc limit %(limit)s

-- name: take_over
update desk_handover set taken_by = %(by)s, taken_at = %(at)s where id = %(id)s and taken_by is null

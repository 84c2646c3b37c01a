-- name: work
-- What was signed in a period, gathered by `officer` (who signed) or `beat` (where): how many incidents, the seconds to
-- the signature and from departure to arrival, how many were late before or after (1 urged, 2 supervised).
with recursive {below},
signed as materialized (
    select i.id, i.area_id, i.opened_at, i.overdue, s.actor, min(s.at) as at
    from incident_step s join incident i on i.id = s.incident_id
    where s.act = 'sign' and s.at >= %(since)s and s.at < %(until)s and i.station_id = %(station)s
        and (%(areas)s::text[] is null or i.area_id = any (%(areas)s))
        and (%(username)s::text is null or s.actor = %(username)s)
        and not i.drill and i.state not in ('merged', 'cancelled')
    group by i.id, s.actor
),
timed as (
    select case %(by)s when 'officer' then g.actor else b.beat end as unit, g.id,
        extract(epoch from g.at - greatest(g.opened_at, t.dispatched))::float8 as sign,
        extract(epoch from t.arrived - t.departed)::float8 as arrive,
        greatest(g.overdue, t.late) as late
    from signed g left join below b on b.id = g.area_id
    cross join lateral (
        select max(s.at) filter (where s.act = 'dispatch' and s.at <= g.at) as dispatched,
            min(s.at) filter (where s.act = 'depart' and s.at >= g.at) as departed,
            min(s.at) filter (where s.act = 'arrive' and s.at >= g.at) as arrived,
            max(case s.act when 'supervised' then 2 when 'urged' then 1 else 0 end) as late
        from incident_step s where s.incident_id = g.id) t
)
select unit, count(distinct id) as signed, array_remove(array_agg(sign), null) as sign,
    array_remove(array_agg(arrive), null) as arrive, count(distinct id) filter (where late >= 1) as urged,
    count(distinct id) filter (where late >= 2) as supervised
from timed group by unit

-- name: handled
-- How many incidents were handled in a period, by whom or where.
with recursive {below}
select case %(by)s when 'officer' then s.actor else b.beat end as unit, count(distinct i.id) as handled
from incident_step s join incident i on i.id = s.incident_id left join below b on b.id = i.area_id
where s.act = 'handle' and s.at >= %(since)s and s.at < %(until)s and i.station_id = %(station)s
    and (%(areas)s::text[] is null or i.area_id = any (%(areas)s))
    and (%(username)s::text is null or s.actor = %(username)s)
    and not i.drill and i.state not in ('merged', 'cancelled')
group by unit

-- name: closed
-- How what was closed in a period came out: of the incidents somebody had signed, or of a beat's.
with recursive {below}
select case %(by)s when 'officer' then w.actor else b.beat end as unit, coalesce(i.disposition, 'none') as disposition,
    count(*) as incidents
from incident i left join below b on b.id = i.area_id
left join lateral (
    select distinct s.actor from incident_step s where s.incident_id = i.id and s.act = 'sign' and %(by)s = 'officer'
) w on true
where i.station_id = %(station)s and i.state = 'closed' and i.closed_at >= %(since)s and i.closed_at < %(until)s
    and (%(areas)s::text[] is null or i.area_id = any (%(areas)s))
    and (%(by)s = 'beat' or w.actor is not null) and (%(username)s::text is null or w.actor = %(username)s)
    and not i.drill
group by unit, disposition

-- name: visits
-- Visits, patrols and looks in a period, and to how many places, by whom or where. A look is one on the spot, or at a
-- point of a round from afar, however often.
with recursive {below},
left_behind as (
    select username, area_id, place_id, at, kind from footprint
    where station_id = %(station)s and at >= %(since)s and at < %(until)s and kind <> 'position'
    union all
    select l.username, r.area_id, null, min(l.at), 'look' from patrol_look l join patrol_round r on r.id = l.round_id
    where r.station_id = %(station)s and l.at >= %(since)s and l.at < %(until)s
    group by r.id, l.point, l.username
)
select case %(by)s when 'officer' then f.username else b.beat end as unit,
    count(*) filter (where f.kind = 'visit') as visits, count(*) filter (where f.kind = 'patrol') as patrols,
    count(*) filter (where f.kind = 'look') as looks,
    count(distinct f.place_id) filter (where f.kind = 'visit') as places_visited
from left_behind f left join below b on b.id = f.area_id
where (%(areas)s::text[] is null or f.area_id = any (%(areas)s))
    and (%(username)s::text is null or f.username = %(username)s)
group by unit

-- name: care
-- Persons under care (living alone) and how many of them were visited in a period: of the areas somebody answers for as
-- officer or deputy, by them; or of a beat, by anybody.
with recursive {below},
answered (username, area_id) as (
    select u.username, d.area_id from duty d cross join lateral unnest(array[d.officer, d.deputy]) u (username)
    where d.station_id = %(station)s and %(by)s = 'officer' and u.username is not null
        and (%(username)s::text is null or u.username = %(username)s)
    union
    select r.username, a.id from answered r join area a on a.station_id = %(station)s
        and (a.parent = r.area_id or r.area_id is null)
),
kept as (
    select q.id, q.place_id, p.area_id, b.beat from person q
    join place p on p.station_id = q.station_id and p.id = q.place_id left join below b on b.id = p.area_id
    where q.station_id = %(station)s and q.care -> 'lives_alone' = 'true'
        and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))
),
charged as (
    select r.username as unit, r.username, k.id, k.place_id from answered r join kept k on k.area_id = r.area_id
    where %(by)s = 'officer'
    union
    select k.beat, null, k.id, k.place_id from kept k where %(by)s = 'beat'
),
seen as materialized (
    select distinct f.username, f.person_id, f.place_id from footprint f
    where f.station_id = %(station)s and f.kind = 'visit' and f.at >= %(since)s and f.at < %(until)s
        and (%(username)s::text is null or f.username = %(username)s)
)
select c.unit, count(distinct c.id) as care_persons,
    count(distinct c.id) filter (where s.username is not null) as care_visited
from charged c left join seen s on (c.username is null or s.username = c.username)
    and (s.person_id = c.id or s.person_id is null and s.place_id = c.place_id)
group by c.unit

-- name: people
-- Who has a record: officers, and grid workers for their footprints.
select username as unit, name, role, auxiliary from user_account
where station_id = %(station)s and role in ('officer', 'commander', 'grid_worker')
    and (%(username)s::text is null or username = %(username)s)
order by username

-- name: beats
select id as unit, name from area
where station_id = %(station)s and kind = 'beat' and (%(areas)s::text[] is null or id = any (%(areas)s))
order by id

-- name: station
-- What figures need of a station: its time zone, its policy, since when it has incidents.
select s.time_zone, s.policy,
    (select min(i.opened_at) from incident i where i.station_id = s.id) as first_opened_at
from station s where s.id = %(station)s

-- name: counted
-- The incidents of a period that statistics count: no drills, none that was merged or cancelled.
incident i
where i.station_id = %(station)s and i.opened_at >= %(since)s and i.opened_at < %(until)s
    and (%(areas)s::text[] is null or i.area_id = any (%(areas)s))
    and not i.drill and i.state not in ('merged', 'cancelled')

-- name: clocks
-- The seconds between steps of the incidents opened in a period, gathered by unit. `by` is `area`, `beat` or `officer`
-- (whoever signed first). The first of each step counts; sign-in is from the opening, or from the last dispatch before
-- the signature.
with recursive {below},
chosen as materialized (
    select i.id, i.area_id, i.opened_at from {counted}
),
first as (
    select c.id, c.area_id, c.opened_at,
        min(s.at) filter (where s.act = 'sign') as signed,
        max(s.at) filter (where s.act = 'dispatch') as dispatched,
        min(s.at) filter (where s.act = 'depart') as departed,
        min(s.at) filter (where s.act = 'arrive') as arrived,
        min(s.at) filter (where s.act = 'handle') as handled,
        (array_agg(s.actor order by s.id) filter (where s.act = 'sign'))[1] as signer
    from chosen c left join incident_step s
        on s.incident_id = c.id and s.act in ('sign', 'dispatch', 'depart', 'arrive', 'handle')
    group by c.id, c.area_id, c.opened_at
),
timed as (
    select case %(by)s when 'area' then t.area_id when 'beat' then b.beat else t.signer end as unit,
        extract(epoch from t.signed - greatest(t.opened_at, case
            -- Somebody dispatched again after the signature: which was the last before it, is looked up.
            when t.dispatched > t.signed then (
                select max(d.at) from incident_step d
                where d.incident_id = t.id and d.act = 'dispatch' and d.at <= t.signed)
            else t.dispatched end))::float8 as sign,
        extract(epoch from t.departed - t.signed)::float8 as depart,
        extract(epoch from t.arrived - t.departed)::float8 as arrive,
        extract(epoch from t.handled - coalesce(t.arrived, t.signed))::float8 as feedback
    from first t left join below b on b.id = t.area_id
)
select unit, count(*) as incidents,
    array_remove(array_agg(sign), null) as sign,
    array_remove(array_agg(depart), null) as depart,
    array_remove(array_agg(arrive), null) as arrive,
    array_remove(array_agg(feedback), null) as feedback
from timed group by unit

-- name: areas_called
select id, name from area
where station_id = %(station)s and (%(areas)s::text[] is null or id = any (%(areas)s) or kind = 'beat')

-- name: officers_called
select username, name from user_account where station_id = %(station)s

-- name: open_counts
-- What is not closed, by state, and how many of those opened before the period.
select i.state, count(*) filter (where i.opened_at >= %(since)s), count(*) filter (where i.opened_at < %(since)s)
from incident i
where i.station_id = %(station)s and i.state not in ('closed', 'merged', 'cancelled') and not i.drill
    and i.opened_at < %(until)s and (%(areas)s::text[] is null or i.area_id = any (%(areas)s))
group by i.state order by i.state

-- name: open_items
-- What is not closed, the oldest first: no title, it may name a home.
select i.id, i.state, i.priority, i.category, i.area_id as area, i.opened_at, i.overdue from incident i
where i.station_id = %(station)s and i.state not in ('closed', 'merged', 'cancelled') and not i.drill
    and i.opened_at < %(until)s and (%(areas)s::text[] is null or i.area_id = any (%(areas)s))
order by i.opened_at, i.id limit %(limit)s

-- name: left_out
-- What no statistic counts, by why.
select case when i.drill then 'drill' else i.state end as why, count(*) from incident i
where i.station_id = %(station)s and i.opened_at >= %(since)s and i.opened_at < %(until)s
    and (%(areas)s::text[] is null or i.area_id = any (%(areas)s))
    and (i.drill or i.state in ('merged', 'cancelled'))
group by why

-- name: mix
-- Incidents by category and priority.
select i.category, i.priority, count(*) as incidents from {counted}
group by i.category, i.priority order by i.category, i.priority

-- name: heat
-- Incidents by area, day of the week (1 Monday) and hour of the day, by the station's clock.
select i.area_id as area, extract(isodow from i.opened_at at time zone %(zone)s)::int as weekday,
    extract(hour from i.opened_at at time zone %(zone)s)::int as hour, count(*) as incidents
from {counted}
group by area, weekday, hour order by area, weekday, hour

-- name: repeat_places
-- Places with several incidents in a stretch. A home (a flat, or where a resident lives) is called by its building: what
-- it is called itself is somebody's address.
select t.place, p.kind, p.area_id as area, t.incidents, t.categories, t.last_at,
    case when p.kind = 'flat' or exists (
        select from person q where q.station_id = p.station_id and q.place_id = p.id)
    then b.name else p.name end as name
from (
    select i.place_id as place, count(*) as incidents, max(i.opened_at) as last_at,
        array_agg(distinct i.category order by i.category) as categories
    from {counted} and i.place_id is not null
    group by i.place_id having count(*) >= %(least)s
) t join place p on p.station_id = %(station)s and p.id = t.place
left join place b on b.station_id = p.station_id and b.id = p.parent
where %(areas)s::text[] is null or p.area_id = any (%(areas)s)
order by t.incidents desc, t.last_at desc, t.place limit %(limit)s

-- name: outcomes
-- How the incidents of each rule's alerts came out: an incident counts once for a rule, however many alerts it has.
select t.rule_id as rule, t.outcome, count(*) as incidents from (
    select distinct a.rule_id, i.id,
        case when i.drill then 'drill' when i.state = 'closed' then coalesce(i.disposition, 'none')
            when i.state in ('merged', 'cancelled') then i.state else 'open' end as outcome
    from incident i join incident_alert l on l.incident_id = i.id join alert a on a.id = l.alert_id
    where i.station_id = %(station)s and i.opened_at >= %(since)s and i.opened_at < %(until)s
        and (%(areas)s::text[] is null or i.area_id = any (%(areas)s)) and a.stream = 'alert'
) t group by t.rule_id, t.outcome order by t.rule_id, t.outcome

-- name: sounded
-- Each time an alert sounded in a period, or would have: then `reason` says why it did not. No drills, no work items.
sounding s join alert a on a.id = s.alert_id and a.stream = 'alert' and not a.drill
where s.station_id = %(station)s and s.at >= %(since)s and s.at < %(until)s
    and (%(areas)s::text[] is null or a.area_id = any (%(areas)s))

-- name: heard
-- How many alerts each rule made people hear, by priority.
select a.rule_id as rule, a.priority, count(distinct a.id) as alerts from {sounded} and s.reason is null
group by a.rule_id, a.priority

-- name: kept_quiet
-- How many alerts were kept quiet, by why, also those that were heard later: suppressing is never dropping.
select s.reason, a.priority, count(distinct a.id) as alerts from {sounded} and s.reason is not null
group by s.reason, a.priority order by s.reason, a.priority

-- name: moments
-- When alerts were heard, in order.
select array_agg(s.at order by s.at, s.id), array_agg(s.priority order by s.at, s.id)
from {sounded} and s.reason is null

-- name: sources
-- What was heard most often.
select a.rule_id as rule, a.subject, min(a.place_id) as place, min(a.area_id) as area, count(*) as alerts
from {sounded} and s.reason is null
group by a.rule_id, a.subject order by alerts desc, a.rule_id, a.subject limit %(limit)s

-- name: chattering
-- What came so many times within so short a time, kept quiet or not, and how often.
select t.rule_id as rule, t.subject, count(*) as times from (
    select a.rule_id, a.subject, a.raised_at,
        lag(a.raised_at, %(turns)s - 1) over (partition by a.rule_id, a.subject order by a.raised_at, a.id) as first_at
    from alert a
    where a.station_id = %(station)s and a.raised_at >= %(since)s and a.raised_at < %(until)s
        and (%(areas)s::text[] is null or a.area_id = any (%(areas)s)) and a.stream = 'alert' and not a.drill
) t where t.raised_at - t.first_at <= %(within)s
group by t.rule_id, t.subject order by times desc, t.rule_id, t.subject

-- name: fleeting
-- How many of those heard were over before anybody could act.
select count(distinct a.id) from {sounded} and s.reason is null and a.cleared_at - a.raised_at < %(within)s

-- name: stale
-- How many had stood for longer than this at a moment.
select count(*) from alert a
where a.station_id = %(station)s and a.raised_at < %(moment)s - %(after)s::interval
    and (%(areas)s::text[] is null or a.area_id = any (%(areas)s)) and a.stream = 'alert' and not a.drill
    and (a.cleared_at is null or a.cleared_at > %(moment)s) and (a.ended_at is null or a.ended_at > %(moment)s)

-- name: add
-- What sounded, or would have.
insert into sounding (station_id, at, alert_id, rule_id, priority, place_id, area_id, spot, reason)
select %(station)s, s.* from unnest(%(ats)s::timestamptz[], %(alerts)s::bigint[], %(rules)s::text[],
    %(priorities)s::text[], %(places)s::text[], %(areas)s::text[], %(spots)s::text[], %(reasons)s::text[]) as s

-- name: quiet_counts
-- What was kept quiet since a moment within a scope, by reason, rule and place.
select reason, rule_id as rule, place_id as place, area_id as area, count(*) as count, max(at) as last_at from sounding
where station_id = %(station)s and at >= %(since)s and reason is not null
    and (%(areas)s::text[] is null or area_id = any (%(areas)s))
group by reason, rule_id, place_id, area_id order by count(*) desc, reason, rule_id, place_id limit %(limit)s

-- name: quiet_by_reason
-- How much was kept quiet since a moment within a scope, by reason.
select reason, count(*) from sounding
where station_id = %(station)s and at >= %(since)s and reason is not null
    and (%(areas)s::text[] is null or area_id = any (%(areas)s))
group by reason order by reason

-- name: forget
-- What work items would have said long ago. What alerts said is kept as they are: statistics count it.
delete from sounding s using alert a
where s.station_id = %(station)s and s.at < %(before)s and a.id = s.alert_id and a.stream <> 'alert'

-- name: flood
-- The flood that stands, if one does.
select id, since, ended_at, report from flood where station_id = %(station)s and ended_at is null

-- name: latest
-- When the latest alerts sounded or were folded.
select at from sounding
where station_id = %(station)s and at > %(since)s and (reason is null or reason = 'flood')
order by at desc limit %(limit)s

-- name: begin_flood
insert into flood (station_id, since) values (%(station)s, %(since)s) returning id

-- name: end_flood
update flood set ended_at = %(ended_at)s, report = %(report)s where id = %(id)s and ended_at is null

-- name: floods
-- The latest floods, newest first.
select id, since, ended_at, report from flood where station_id = %(station)s order by id desc limit %(limit)s

-- name: flood_by_rule
-- What a flood consisted of, by rule and building (else area): how many alerts, how many were folded.
select rule_id as rule, spot as place, count(*) as count, count(*) filter (where reason = 'flood') as folded
from sounding
where station_id = %(station)s and at > %(since)s and at <= %(until)s and (reason is null or reason = 'flood')
group by rule_id, spot order by count(*) desc, rule_id, spot limit 100

-- name: flood_totals
-- How many alerts a flood had, of them folded, and by priority.
select count(*) as count, count(*) filter (where reason = 'flood') as folded,
    count(*) filter (where priority = 'P1') as p1, count(*) filter (where priority = 'P2') as p2
from sounding
where station_id = %(station)s and at > %(since)s and at <= %(until)s and (reason is null or reason = 'flood')

-- name: flood_longest
-- The alert of a flood whose condition stood the longest.
select a.id as alert, a.rule_id as rule, a.place_id as place,
    extract(epoch from coalesce(a.cleared_at, a.ended_at, %(until)s) - a.raised_at)::float8 as stood_s
from sounding s join alert a on a.id = s.alert_id
where s.station_id = %(station)s and s.at > %(since)s and s.at <= %(until)s and (s.reason is null or s.reason = 'flood')
order by stood_s desc, a.id limit 1

-- name: heads
-- By rule and spot: the alert heard last since a moment whose incident is not over, for a flood's alerts to join.
select distinct on (s.rule_id, s.spot) s.rule_id, s.spot, s.alert_id
from sounding s
join incident_alert l on l.alert_id = s.alert_id
join incident i on i.id = l.incident_id and i.state not in ('closed', 'merged', 'cancelled')
where s.station_id = %(station)s and s.at > %(since)s and s.reason is null
    and s.rule_id = any (%(rules)s) and s.spot = any (%(spots)s)
order by s.rule_id, s.spot, s.at desc

-- name: fold
-- One more of a rule and spot folded; the next digest tells of it.
insert into digest (station_id, flood_id, rule_id, spot, alert_id, first_at, count, due_at)
values (%(station)s, %(flood)s, %(rule)s, %(spot)s, %(alert)s, %(now)s, %(count)s, %(due_at)s)
on conflict (flood_id, rule_id, spot) do update
    set count = digest.count + excluded.count, alert_id = excluded.alert_id, closed_at = null

-- name: due_digests
-- Digests with something new whose moment has come, and all of a flood that is over. Held by nobody: one process tells.
select d.id, d.rule_id as rule, d.spot, d.alert_id as alert, d.count, d.told_count, d.due_at,
    f.ended_at is not null as over
from digest d join flood f on f.id = d.flood_id
where d.station_id = %(station)s and d.closed_at is null
    and (f.ended_at is not null or d.due_at <= %(now)s and d.count > d.told_count)
order by d.id limit %(limit)s

-- name: told_of
-- What joined the incidents of these alerts in a flood is heard by the digest: the next pause counts from it.
with folded as (
    select a.id from alert a
    where a.station_id = %(station)s and a.ended_at is null and a.suppressed_by = 'flood' and a.id in (
        select other.alert_id from incident_alert mine join incident_alert other using (incident_id)
        where mine.alert_id = any (%(alerts)s))
    order by a.id for no key update
)
update alert a set sounded = sounded + 1, last_sounded_at = %(now)s from folded f where a.id = f.id

-- name: digest_told
update digest set told_count = %(count)s, due_at = %(due_at)s, closed_at = %(closed_at)s where id = %(id)s

-- name: flapping_of
-- How these identities come and go.
select rule_id as rule, subject, place_id as place, device_id as device, active, turns, last_at, since from flapping
join unnest(%(rules)s::text[], %(subjects)s::text[]) as k (rule_id, subject) using (rule_id, subject)
where station_id = %(station)s

-- name: keep_flapping
insert into flapping (station_id, rule_id, subject, place_id, device_id, active, turns, last_at, since)
values (%(station)s, %(rule)s, %(subject)s, %(place)s, %(device)s, %(active)s, %(turns)s, %(last_at)s, %(since)s)
on conflict (station_id, rule_id, subject) do update set place_id = excluded.place_id, device_id = excluded.device_id,
    active = excluded.active, turns = excluded.turns, last_at = excluded.last_at, since = excluded.since

-- name: chattering
-- What chatters, or did and was not looked at since.
select rule_id as rule, subject, place_id as place, device_id as device, active, turns, last_at, since from flapping
where station_id = %(station)s and since is not null order by rule_id, subject limit 1000

-- name: forget_flapping
delete from flapping where station_id = %(station)s and last_at < %(before)s

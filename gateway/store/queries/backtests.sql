-- name: hold
-- Whoever looks whether one runs, and begins another, does so alone.
select pg_advisory_xact_lock(hashtextextended('anxin backtest ' || %(station)s, 0))

-- name: running
-- The one under way: a process that has said nothing for so long is gone.
select id, rule_id, asked_at from backtest
where station_id = %(station)s and state = 'running'
    and touched_at > clock_timestamp() - make_interval(secs => %(silent_s)s)

-- name: begin
insert into backtest (station_id, rule_id, version, digest, definition, against, since, until, asked_by, asked_at,
    touched_at)
values (%(station)s, %(rule)s, %(version)s, %(digest)s, %(definition)s, %(against)s, %(since)s, %(until)s, %(by)s,
    %(at)s, clock_timestamp())
returning id

-- name: forget
-- The latest of a rule are kept: what they tell of people need not be kept for ever.
delete from backtest where station_id = %(station)s and rule_id = %(rule)s and id < (
    select id from backtest where station_id = %(station)s and rule_id = %(rule)s order by id desc
    offset %(keep)s limit 1)

-- name: order
-- What is to be tested.
select rule_id as rule, version, definition, against, since, until from backtest
where station_id = %(station)s and id = %(id)s

-- name: touch
-- Still at it.
update backtest set progress = %(progress)s, touched_at = clock_timestamp()
where station_id = %(station)s and id = %(id)s and state = 'running'

-- name: end
-- Done, or failed for a reason. What has ended stays as it is.
update backtest set state = %(state)s, report = %(report)s, detail = %(detail)s, touched_at = clock_timestamp(),
    progress = case when %(state)s = 'done' then 1 else progress end
where station_id = %(station)s and id = %(id)s and state = 'running'

-- name: list
-- Backtests of a rule, the latest first.
select id, rule_id as rule, version, against, digest, since, until, asked_by, asked_at, state, progress, detail,
    touched_at < clock_timestamp() - make_interval(secs => %(silent_s)s) as silent,
    report -> 'tally' -> 'raised' as raised
from backtest where station_id = %(station)s and rule_id = %(rule)s order by id desc limit %(limit)s

-- name: get
select id, rule_id as rule, version, against, digest, since, until, asked_by, asked_at, state, progress, detail,
    touched_at < clock_timestamp() - make_interval(secs => %(silent_s)s) as silent, report
from backtest where station_id = %(station)s and rule_id = %(rule)s and id = %(id)s

-- name: judged
-- What people said of a rule's alerts that stood within a stretch: how their incidents were closed.
select distinct on (a.id) a.subject, a.raised_at, coalesce(a.cleared_at, a.ended_at), i.disposition
from alert a join incident_alert l on l.alert_id = a.id join incident i on i.id = l.incident_id
where a.station_id = %(station)s and a.rule_id = %(rule)s and i.disposition is not null and not a.drill
    and a.raised_at < %(until)s and coalesce(a.cleared_at, a.ended_at, %(until)s) >= %(since)s
order by a.id, i.closed_at desc

-- name: raised_by_others
-- When alerts of other rules were raised, with their priorities; drills are no operator's load.
select raised_at, priority from alert
where station_id = %(station)s and rule_id <> %(rule)s and stream = 'alert' and not drill
    and raised_at >= %(since)s and raised_at < %(until)s

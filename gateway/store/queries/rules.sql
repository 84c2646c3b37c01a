-- name: load_states
-- The state of these subjects.
select s.rule_id, s.subject, s.state::text from rule_state s
join unnest(%(rules)s::text[], %(subjects)s::text[]) as k (rule_id, subject) using (rule_id, subject)
where s.station_id = %(station)s

-- name: save_states
-- Keep the state of these subjects.
insert into rule_state (station_id, rule_id, subject, state)
select %(station)s, k.rule_id, k.subject, k.state::jsonb
from unnest(%(rules)s::text[], %(subjects)s::text[], %(states)s::text[]) as k (rule_id, subject, state)
on conflict (station_id, rule_id, subject) do update set state = excluded.state

-- name: known_subjects
-- Subjects that have met a rule already.
select subject from rule_state where station_id = %(station)s and rule_id = %(rule)s

-- name: save_timers
-- Arm or re-arm.
insert into rule_timer (station_id, rule_id, subject, name, due_at)
select %(station)s, t.rule_id, t.subject, t.name, t.due_at
from unnest(%(rules)s::text[], %(subjects)s::text[], %(names)s::text[], %(due)s::timestamptz[])
    as t (rule_id, subject, name, due_at)
on conflict (station_id, rule_id, subject, name) do update set due_at = excluded.due_at

-- name: drop_timers
-- Fired or taken back.
delete from rule_timer r using unnest(%(rules)s::text[], %(subjects)s::text[], %(names)s::text[])
    as t (rule_id, subject, name)
where r.station_id = %(station)s and r.rule_id = t.rule_id and r.subject = t.subject and r.name = t.name

-- name: due_timers
-- Timers whose moment has come, in due order.
select rule_id, subject, name, due_at from rule_timer
where station_id = %(station)s and due_at <= %(until)s and rule_id = any (%(rules)s)
order by due_at, rule_id, subject, name limit %(limit)s

-- name: next_due
-- The earliest timer of the rules that run.
select min(due_at) from rule_timer where station_id = %(station)s and rule_id = any (%(rules)s)

-- name: active_versions
-- The truth of what runs.
select rule_id, version, digest, definition from rule_version where active

-- name: publish
-- A new version of a rule, active from now on. The same definition again is the version it was.
insert into rule_version (rule_id, version, digest, definition, active, published_at)
values (%(rule)s, coalesce((select max(version) from rule_version where rule_id = %(rule)s), 0) + 1,
    %(digest)s, %(definition)s, true, %(now)s)
on conflict (rule_id, digest) do update set active = true
returning version

-- name: retire
-- What ran before.
update rule_version set active = false where rule_id = %(rule)s and active and digest <> %(digest)s

-- name: retire_absent
-- Rules that are in the catalogue no longer.
update rule_version set active = false where active and not rule_id = any (%(rules)s) returning rule_id

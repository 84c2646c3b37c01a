-- name: load_states
-- The state of these subjects.
select s.rule_id, s.subject, s.state::text, s.profile::text from rule_state s
join unnest(%(rules)s::text[], %(subjects)s::text[]) as k (rule_id, subject) using (rule_id, subject)
where s.station_id = %(station)s

-- name: save_states
-- Keep the state of these subjects, and what was learnt of them where that is new. In binary: escaping megabytes of
-- JSON for an array's text form took longer than all rules together.
insert into rule_state (station_id, rule_id, subject, state, profile)
select %(station)s, k.rule_id, k.subject, k.state::jsonb, k.profile::jsonb
from unnest(%(rules)b::text[], %(subjects)b::text[], %(states)b::text[], %(profiles)b::text[])
    as k (rule_id, subject, state, profile)
on conflict (station_id, rule_id, subject) do update set state = excluded.state,
    profile = coalesce(excluded.profile, rule_state.profile)

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

-- name: forget_states
delete from rule_state where station_id = %(station)s and rule_id = any (%(rules)s)

-- name: forget_timers
delete from rule_timer where station_id = %(station)s and rule_id = any (%(rules)s)

-- name: timers_of
select name, due_at from rule_timer where station_id = %(station)s and rule_id = %(rule)s and subject = %(subject)s

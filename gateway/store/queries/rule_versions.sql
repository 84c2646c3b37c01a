-- name: publish
-- Write a definition down as a version of its rule; the same definition again is the version it was, with newer tests.
insert into rule_version (rule_id, version, digest, definition, tests, active, published_at)
values (%(rule)s, coalesce((select max(version) from rule_version where rule_id = %(rule)s), 0) + 1,
    %(digest)s, %(definition)s, %(tests)s, false, %(now)s)
on conflict (rule_id, digest) do update
    set digest = excluded.digest, tests = coalesce(excluded.tests, rule_version.tests)
returning version, active

-- name: running
-- The truth of what runs.
select rule_id, version, definition, published_at from rule_version where active order by rule_id

-- name: resting
-- Rules of which no version runs, retired or not activated yet: the newest version of each.
select distinct on (rule_id) rule_id, version, definition from rule_version v
where not exists (select from rule_version where rule_id = v.rule_id and active)
order by rule_id, version desc

-- name: versions
-- All versions of a rule, the newest first.
select version, digest, definition, tests, active, published_at from rule_version where rule_id = %(rule)s
order by version desc

-- name: retire
-- Whatever of these rules runs, runs no more.
update rule_version set active = false where active and rule_id = any (%(rules)s)

-- name: activate
-- This version runs from now on; retire the one before first.
update rule_version set active = true where rule_id = %(rule)s and version = %(version)s

-- name: ask
-- Ask for a version to run (null: for the rule to run no more), unless that is asked for already.
insert into rule_activation (station_id, rule_id, version, asked_by, asked_at, reason, backtest_id)
select %(station)s, %(rule)s, %(version)s, %(by)s, %(at)s, %(reason)s, %(backtest)s
where not exists (select from rule_activation where station_id = %(station)s and rule_id = %(rule)s
    and version is not distinct from %(version)s and state in ('asked', 'learning'))
returning id

-- name: asked
-- What is asked for and has not come about, in the order it was asked for; what was asked for together is one group.
select id, rule_id as rule, version, asked_by, asked_at, reason from rule_activation
where station_id = %(station)s and state in ('asked', 'learning')
order by asked_at, id

-- name: note_activation
-- How far activations have come.
update rule_activation set state = %(state)s, detail = %(detail)s, ended_at = %(ended_at)s where id = any (%(ids)s)

-- name: activations
-- What was asked for of a rule, the latest first.
select id, version, asked_by, asked_at, reason, backtest_id as backtest, state, detail, ended_at from rule_activation
where station_id = %(station)s and rule_id = %(rule)s order by id desc limit %(limit)s

-- name: was_tried
-- A backtest of this very definition that came to its end.
select from backtest where id = %(backtest)s and station_id = %(station)s and rule_id = %(rule)s
    and digest = %(digest)s and state = 'done'

-- name: retired
-- Rules that people retired: the last thing that came about for them.
select rule_id from (
    select distinct on (rule_id) rule_id, version from rule_activation
    where station_id = %(station)s and state = 'done' order by rule_id, id desc
) last where version is null

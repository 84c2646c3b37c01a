-- name: columns
-- What every read of an alert returns, by the names of `gateway.model.alert`.
a.id, a.station_id as station, a.rule_id as rule, a.rule_version, a.subject, a.stream, a.priority,
a.place_id as place, a.area_id as area, a.device_id as device, a.person_id as person, a.title, a.explanation,
a.first_action, a.events, a.raised_at, a.last_event_at, a.seen, a.sounded, a.last_sounded_at, a.active, a.latched,
a.acknowledged_at, a.acknowledged_by, a.shelved_until, a.suppressed_by, a.suppressed_at, a.told_of, a.cleared_at,
a.retracted, a.reset_by, a.ended_at, a.previous_id as previous, a.drill, a.version

-- name: open_of
-- The open alerts of these identities, held until the transaction ends; in the order in which people's acts hold them.
select {columns} from alert a
join unnest(%(rules)s::text[], %(subjects)s::text[]) as k (rule_id, subject) using (rule_id, subject)
where a.station_id = %(station)s and a.ended_at is null
order by a.id for no key update of a

-- name: last_of
-- The newest ended alert of an identity, to link the next one to.
select max(id) from alert where station_id = %(station)s and rule_id = %(rule)s and subject = %(subject)s

-- name: insert
insert into alert (station_id, rule_id, rule_version, subject, stream, priority, place_id, area_id, device_id,
    person_id, title, explanation, first_action, events, raised_at, last_event_at, seen, sounded, last_sounded_at,
    active, latched, acknowledged_at, acknowledged_by, shelved_until, suppressed_by, suppressed_at, told_of,
    cleared_at, retracted, reset_by, ended_at, previous_id, drill)
values (%(station)s, %(rule)s, %(rule_version)s, %(subject)s, %(stream)s, %(priority)s, %(place)s, %(area)s,
    %(device)s, %(person)s, %(title)s, %(explanation)s, %(first_action)s, %(events)s, %(raised_at)s,
    %(last_event_at)s, %(seen)s, %(sounded)s, %(last_sounded_at)s, %(active)s, %(latched)s, %(acknowledged_at)s,
    %(acknowledged_by)s, %(shelved_until)s, %(suppressed_by)s, %(suppressed_at)s, %(told_of)s,
    %(cleared_at)s, %(retracted)s, %(reset_by)s, %(ended_at)s, %(previous)s, %(drill)s)
returning id

-- name: update
update alert set rule_version = %(rule_version)s, priority = %(priority)s, explanation = %(explanation)s,
    events = %(events)s, last_event_at = %(last_event_at)s, seen = %(seen)s, sounded = %(sounded)s,
    last_sounded_at = %(last_sounded_at)s, active = %(active)s, latched = %(latched)s,
    acknowledged_at = %(acknowledged_at)s, acknowledged_by = %(acknowledged_by)s, suppressed_by = %(suppressed_by)s,
    suppressed_at = %(suppressed_at)s, shelved_until = %(shelved_until)s, told_of = %(told_of)s,
    cleared_at = %(cleared_at)s, retracted = %(retracted)s, reset_by = %(reset_by)s, ended_at = %(ended_at)s,
    drill = %(drill)s, version = version + 1
where id = %(id)s

-- name: get
-- One alert within a scope.
select {columns} from alert a
where a.station_id = %(station)s and a.id = %(id)s
    and (%(areas)s::text[] is null or a.area_id = any (%(areas)s))

-- name: get_held
-- One alert within a scope, held until the transaction ends.
select {columns} from alert a
where a.station_id = %(station)s and a.id = %(id)s
    and (%(areas)s::text[] is null or a.area_id = any (%(areas)s))
for no key update of a

-- name: list
-- Alerts within a scope, newest first.
select {columns} from alert a
where a.station_id = %(station)s and a.stream = %(stream)s
    and (%(areas)s::text[] is null or a.area_id = any (%(areas)s))
    and (%(state)s = 'all'
        or %(state)s = 'open' and a.ended_at is null
        or %(state)s = 'active' and a.ended_at is null and (a.active or a.latched)
        or %(state)s = 'unacknowledged' and a.ended_at is null and a.acknowledged_at is null
        or %(state)s = 'cleared' and a.ended_at is null and not a.active and not a.latched
        or %(state)s = 'ended' and a.ended_at is not null)
    and (%(rule)s::text is null or a.rule_id = %(rule)s)
    and (%(priority)s::text is null or a.priority = %(priority)s)
    and (%(device)s::text is null or a.device_id = %(device)s)
    and (%(place)s::text is null or a.place_id = %(place)s)
    and (%(person)s::text is null or a.person_id = %(person)s)
    and (%(area)s::text is null or a.area_id = %(area)s)
    and (%(suppressed_by)s::text is null or a.suppressed_by = %(suppressed_by)s)
    and (%(before)s::bigint is null or a.id < %(before)s)
order by a.id desc limit %(limit)s

-- name: standing_of
-- Where, and about whom, these rules have an open alert whose condition stands.
select rule_id, area_id, subject from alert
where station_id = %(station)s and ended_at is null and active and rule_id = any (%(rules)s)

-- name: all_open
-- Every open alert, held until the transaction ends.
select {columns} from alert a where a.station_id = %(station)s and a.ended_at is null order by a.id for no key update of a

-- name: open_one
select {columns} from alert a
where a.station_id = %(station)s and a.rule_id = %(rule)s and a.subject = %(subject)s and a.ended_at is null

-- name: open_of_rules
-- Every open alert of some rules, held until the transaction ends.
select {columns} from alert a where a.station_id = %(station)s and a.ended_at is null and a.rule_id = any (%(rules)s)
order by a.id for no key update of a

-- name: of_incident
-- The alerts of one incident, held until the transaction ends.
select {columns} from alert a join incident_alert l on l.alert_id = a.id
where l.incident_id = %(incident)s order by a.id for no key update of a

-- name: look_at_incident
-- The alerts of one incident, held by nobody.
select {columns} from alert a join incident_alert l on l.alert_id = a.id where l.incident_id = %(incident)s order by a.id

-- name: kept_quiet
-- Open alerts whose condition stands, that nobody has acknowledged and that are quiet for a reason that may be over.
-- What a flood folded is told by its digest; history by whoever hands it over.
select {columns} from alert a
where a.station_id = %(station)s and a.id > %(after)s and a.ended_at is null and a.active and a.stream = 'alert'
    and a.suppressed_by is not null and a.acknowledged_at is null and a.suppressed_by not in ('flood', 'history')
order by a.id limit %(limit)s

-- name: held
-- Alerts by id, held until the transaction ends.
select {columns} from alert a where a.station_id = %(station)s and a.id = any (%(ids)s) order by a.id
for no key update of a

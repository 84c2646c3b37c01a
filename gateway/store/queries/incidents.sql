-- name: columns
-- What every read of an incident returns, by the names of `gateway.model.incident`.
i.id, i.station_id as station, i.state, i.priority, i.category, i.origin, i.opened_by, i.place_id as place,
i.area_id as area, i.person_id as person, i.title, i.opened_at, i.changed_at, i.ladder, i.assignees, i.due_at, i.overdue,
i.proposed, i.merged_into, i.detail, i.follow_up_on, i.disposition, i.closed_at, i.drill, i.version

-- name: insert
insert into incident (station_id, state, priority, category, origin, opened_by, place_id, area_id, person_id, title,
    opened_at, changed_at, ladder, assignees, due_at, detail, follow_up_on, drill)
values (%(station)s, %(state)s, %(priority)s, %(category)s, %(origin)s, %(opened_by)s, %(place)s, %(area)s, %(person)s,
    %(title)s, %(opened_at)s, %(opened_at)s, %(ladder)s, %(assignees)s, %(due_at)s, %(detail)s, %(follow_up_on)s,
    %(drill)s)
returning id

-- name: link
insert into incident_alert (incident_id, alert_id) values (%(incident)s, %(alert)s) on conflict do nothing

-- name: relink
-- An incident's alerts belong to another one from now on.
with gone as (delete from incident_alert where incident_id = %(source)s returning alert_id),
linked as (insert into incident_alert (incident_id, alert_id) select %(target)s, alert_id from gone on conflict do nothing)
select alert_id from gone order by alert_id

-- name: open_of_alert
-- The incident of an alert that is not over, held until the transaction ends.
select {columns} from incident i join incident_alert l on l.incident_id = i.id
where l.alert_id = %(alert)s and i.state not in ('closed', 'merged', 'cancelled')
order by i.id desc limit 1 for no key update of i

-- name: to_join
-- The newest open incident of this sort about this person, or at this place and about nobody else; held until the
-- transaction ends.
select {columns} from incident i
where i.station_id = %(station)s and i.category = %(category)s and i.drill = %(drill)s and i.opened_at > %(since)s
    and i.state not in ('closed', 'merged', 'cancelled')
    and (i.person_id = %(person)s
        or i.place_id = %(place)s and (i.person_id is null or %(person)s::text is null))
order by i.id desc limit 1 for no key update of i

-- name: others_stand
select exists (select from incident_alert l join alert a on a.id = l.alert_id
    where l.incident_id = %(incident)s and l.alert_id <> %(alert)s and not a.retracted)

-- name: reported
-- Whether people reported it, or one that was merged into it.
with recursive merged (id) as (
    select %(incident)s::bigint
    union select i.id from incident i join merged m on i.merged_into = m.id
)
select exists (select from incident i join merged m on m.id = i.id where i.origin = 'person')

-- name: get
-- One incident within a scope.
select {columns} from incident i
where i.station_id = %(station)s and i.id = %(id)s and (%(areas)s::text[] is null or i.area_id = any (%(areas)s))

-- name: get_held
-- One incident within a scope, held until the transaction ends.
select {columns} from incident i
where i.station_id = %(station)s and i.id = %(id)s and (%(areas)s::text[] is null or i.area_id = any (%(areas)s))
for no key update of i

-- name: list
-- Incidents within a scope, newest first. A follow-up is due on its day, by the station's own calendar.
select {columns} from incident i
where i.station_id = %(station)s and (%(areas)s::text[] is null or i.area_id = any (%(areas)s))
    and (%(state)s = 'all' or i.state = %(state)s
        or %(state)s = 'open' and i.state not in ('closed', 'merged', 'cancelled'))
    and (%(category)s::text is null or i.category = %(category)s)
    and (%(priority)s::text is null or i.priority = %(priority)s)
    and (%(area)s::text is null or i.area_id = %(area)s)
    and (%(place)s::text is null or i.place_id = %(place)s)
    and (%(assignee)s::text is null or i.assignees @> array[%(assignee)s::text])
    and (%(overdue)s::boolean is null or (i.overdue > 0) = %(overdue)s)
    and (%(follow_up_by)s::timestamptz is null or i.follow_up_on <= (
        select (%(follow_up_by)s at time zone s.time_zone)::date from station s where s.id = i.station_id))
    and (%(since)s::timestamptz is null or i.opened_at >= %(since)s)
    and (%(until)s::timestamptz is null or i.opened_at < %(until)s)
    and (%(before)s::bigint is null or i.id < %(before)s)
order by i.id desc limit %(limit)s

-- name: move
update incident set state = %(state)s, priority = %(priority)s, title = %(title)s, changed_at = %(changed_at)s,
    assignees = %(assignees)s, due_at = %(due_at)s, overdue = %(overdue)s, proposed = %(proposed)s,
    merged_into = %(merged_into)s, detail = %(detail)s, follow_up_on = %(follow_up_on)s, disposition = %(disposition)s,
    closed_at = %(closed_at)s, ladder = %(ladder)s, drill = %(drill)s, version = version + 1
where id = %(id)s

-- name: step
-- One line of the timeline, with the version the incident had when it was written.
insert into incident_step (incident_id, at, client_at, actor, act, from_state, to_state, reason, detail, version,
    client_id)
values (%(incident)s, %(at)s, %(client_at)s, %(actor)s, %(act)s, %(from_state)s, %(to_state)s, %(reason)s, %(detail)s,
    (select version from incident where id = %(incident)s), %(client_id)s)
returning id

-- name: timeline
-- Everything that happened to an incident, oldest first.
select id, at, client_at, actor, act, from_state, to_state, reason, detail, version, client_id from incident_step
where incident_id = %(incident)s order by id

-- name: receipts
-- Who was told, and what became of it.
select channel, username as "user", purpose, state, created_at, accepted_at, delivered_at, seen_at, acknowledged_at,
    attempts, instead_of,
    (select a.detail from attempt a where a.notification_id = n.id order by a.id desc limit 1) as last_answer
from notification n where n.incident_id = %(incident)s order by n.id

-- name: alerts_of
select alert_id from incident_alert where incident_id = %(incident)s order by alert_id

-- name: alerts_of_each
-- The alerts of many incidents at once.
select incident_id, array_agg(alert_id order by alert_id) from incident_alert
where incident_id = any (%(incidents)s) group by incident_id

-- name: of_alert
select incident_id from incident_alert where alert_id = any (%(alerts)s) order by incident_id

-- name: columns
-- What is needed of a message that has not reached its person.
n.id, n.key, n.channel, n.contact_id as contact, n.username, n.incident_id as incident, n.alert_id as alert, n.priority,
n.body, n.purpose, n.state

-- name: receive
-- A phone or its provider says how far a message has come: only upwards, each step with its first time. What ended
-- otherwise (refused, expired, stopped) stays so and keeps the times. A clock of before the message or of the future
-- is not believed.
update notification set
    state = case
        when state in ('queued', 'accepted') or state = 'delivered' and %(step)s = 'seen' then %(step)s
        else state
    end,
    accepted_at = coalesce(accepted_at, greatest(created_at, least(%(at)s, %(now)s))),
    delivered_at = coalesce(delivered_at, greatest(created_at, least(%(at)s, %(now)s))),
    seen_at = case
        when %(step)s = 'seen' then coalesce(seen_at, greatest(created_at, least(%(at)s, %(now)s)))
        else seen_at
    end,
    receipt_by = null
where id = %(id)s and station_id = %(station)s and (%(username)s::text is null or username = %(username)s)
returning contact_id, delivered_at

-- name: reached
update contact set reached_at = greatest(reached_at, %(at)s) where id = %(id)s

-- name: of_provider
-- The latest message a provider knows by this number.
select id from notification
where channel = %(channel)s and provider_id = %(provider_id)s and station_id = %(station)s order by id desc limit 1

-- name: failed
-- The provider took it and could not deliver it after all.
update notification set state = 'refused', receipt_by = case when fell_back_at is null then %(now)s::timestamptz end
where id = %(id)s and state = 'accepted'

-- name: note
insert into attempt (notification_id, started_at, ended_at, result, detail)
values (%(id)s, %(at)s, %(at)s, 'refused', %(detail)s)

-- name: overdue
-- Messages whose person should have been reached by now, the most urgent first.
select {columns} from notification n
where n.station_id = %(station)s and n.receipt_by <= %(now)s order by n.priority, n.id limit %(limit)s

-- name: stuck
-- What calls, dispatches and urges people and waits for channels nobody can send on at the moment, the most urgent first.
select {columns} from notification n
where n.station_id = %(station)s and n.state = 'queued' and n.channel = any (%(down)s) and n.username is not null
    and n.purpose in ('incident', 'dispatch', 'urge') and n.fell_back_at is null
    and (n.attempts > 0 or n.due_at <= %(now)s)
    and exists (
        select from incident i
        where i.id = n.incident_id and (
            i.state in ('new', 'acknowledged', 'dispatched', 'reopened')
            or n.purpose <> 'incident' and i.state not in ('closed', 'merged', 'cancelled')))
order by n.priority, n.id limit %(limit)s

-- name: matters
-- A call is of use until somebody has signed; one that came later is of use to those who are on it. Whoever was sent or urged must hear of it while they are still on it, or
-- it is still late, and have not done anything about it since.
select 1 from notification n join incident i on i.id = n.incident_id
where n.id = %(id)s and (
    n.purpose = 'incident' and i.state in ('new', 'acknowledged', 'dispatched', 'reopened')
    or i.state not in ('closed', 'merged', 'cancelled')
        and (n.purpose = 'incident' and n.username = any (i.assignees) and not exists (
                select from incident_step s where s.incident_id = i.id and s.act = 'sign' and s.at >= n.created_at)
            or n.purpose = 'dispatch' and n.username = any (i.assignees) or n.purpose = 'urge' and i.overdue > 0)
        and not exists (
            select from incident_step s
            where s.incident_id = i.id and s.actor = n.username and s.at >= n.created_at))

-- name: stop
-- Nobody needs to be told by it any more.
update notification set state = case when state = 'queued' then 'stopped' else state end, receipt_by = null
where id = %(id)s

-- name: of_rung
-- Everybody who is told by a rung (a dispatch, an urging), and how far that has come.
select n.username, n.channel, n.contact_id as contact, n.state, n.receipt_by is not null as awaited,
    n.fell_back_at is not null as given_up
from notification n
where n.incident_id = %(incident)s and n.username is not null and starts_with(n.key, %(rung)s)

-- name: give_up
-- This way has not reached the person; only the first who says so may try the next.
update notification set fell_back_at = %(now)s, receipt_by = null
where id = %(id)s and fell_back_at is null and state in ('queued', 'accepted', 'refused', 'expired')

-- name: wait_no_more
update notification set receipt_by = null where id = %(id)s

-- name: hasten
-- Nobody of a rung can be reached: the next one that calls somebody is due now.
update rung set due_at = %(now)s
where incident_id = %(incident)s and state = 'waiting' and kind = 'call' and due_at > %(now)s
    and (sounding, number) = (
        select r.sounding, r.number from rung r
        where r.incident_id = %(incident)s and r.state = 'waiting' and r.kind = 'call'
        order by r.due_at, r.sounding, r.number limit 1)

-- name: get
-- One message to a person of the station, and how far it has come; nobody's but their own unless `username` is null.
select n.id, n.channel, n.username as "user", n.purpose, n.priority, n.incident_id as incident, n.state, n.created_at,
    n.accepted_at, n.delivered_at, n.seen_at, n.acknowledged_at, n.expires_at, n.attempts, n.instead_of,
    (select a.detail from attempt a where a.notification_id = n.id order by a.id desc limit 1) as last_answer
from notification n join user_account u on u.username = n.username
where n.id = %(id)s and n.station_id = %(station)s
    and (n.username = %(me)s or %(others)s and (%(areas)s::text[] is null or u.areas && %(areas)s::text[]))

-- The county video platform: codes, links, and what became of alarms.

-- name: hold
-- Take a link for as long as this connection lives. Waits for nobody.
select pg_try_advisory_lock(hashtextextended('anxin county ' || %(station)s || ' ' || %(name)s, 0))

-- name: codes
-- Which code each device has, or had.
select device_id, code from county_code where station_id = %(station)s

-- name: give
-- Give codes; another one than before only where the county's file says so.
insert into county_code (station_id, device_id, code, given_at)
select %(station)s, c.device, c.code, %(now)s from unnest(%(devices)s::text[], %(codes)s::text[]) as c (device, code)
on conflict (station_id, device_id) do update set code = excluded.code, given_at = excluded.given_at

-- name: online
-- What was last heard of each device's connection.
select device_id, online from device_health where station_id = %(station)s and online is not null

-- name: begin
-- A link that is new begins with what happens from now on.
insert into county_link (station_id, name, change_id, server, device_code, state, status, why, changed_at, seen_at)
values (%(station)s, %(name)s, coalesce((select max(id) from change where station_id = %(station)s), 0),
    %(server)s, %(device_code)s, 'off', 0, '', %(now)s, %(now)s)
on conflict (station_id, name) do update set server = excluded.server, device_code = excluded.device_code,
    kind = excluded.kind, seen_at = excluded.seen_at,
    -- another platform has never had the catalogue
    told_at = case when (county_link.server, county_link.device_code) = (excluded.server, excluded.device_code)
        then county_link.told_at end
returning told_at

-- name: advance
update county_link set change_id = %(change)s where station_id = %(station)s and name = %(name)s

-- name: position
-- How far a link is, locked: two processes of one link put nothing into the outbox twice.
select change_id from county_link where station_id = %(station)s and name = %(name)s for update

-- name: state
-- Trying again says nothing new of why the last try failed.
update county_link set state = %(state)s, changed_at = %(now)s, seen_at = %(now)s,
    status = case when %(state)s = 'registering' and %(why)s = '' then status else %(status)s end,
    why = case when %(state)s = 'registering' and %(why)s = '' then why else %(why)s end,
    registered_at = case when %(state)s = 'online' then %(now)s when %(state)s = 'off' then null else registered_at end
where station_id = %(station)s and name = %(name)s

-- name: seen
update county_link set seen_at = %(now)s, clock_offset_s = %(offset)s, items = %(items)s,
    told_at = coalesce(%(told_at)s, told_at), subscriptions = %(subscriptions)s
where station_id = %(station)s and name = %(name)s

-- name: links
-- How each link stands, with what waits for it and what became of the last day's alarms.
select l.name, l.kind, l.server, l.device_code, l.state, l.status, l.why, l.changed_at, l.seen_at, l.registered_at,
    l.clock_offset_s, l.items, l.told_at, l.subscriptions,
    n.waiting, n.oldest, n.sent, n.acknowledged, n.refused, n.expired
from county_link l, lateral (
    select count(*) filter (where state = 'queued') as waiting,
        min(created_at) filter (where state = 'queued') as oldest,
        count(*) filter (where state = 'accepted') as sent,
        count(*) filter (where state = 'acknowledged') as acknowledged,
        count(*) filter (where state = 'refused') as refused,
        count(*) filter (where state = 'expired') as expired
    from notification where station_id = l.station_id and created_at > %(since)s
        and channel = case l.kind when 'gat1400' then 'viid:' else 'county:' end || l.name
) n
where l.station_id = %(station)s order by l.name

-- name: alarms
-- The newest alarms of all links, and what became of each.
select n.id, substr(n.channel, 8) as link, n.alert_id as alert, n.priority, n.state, n.created_at, n.expires_at,
    n.accepted_at, n.acknowledged_at, n.attempts, n.body,
    (select a.detail from attempt a where a.notification_id = n.id order by a.id desc limit 1) as detail
from notification n
where n.station_id = %(station)s and n.channel like 'county:%%' and n.id < coalesce(%(before)s, 9223372036854775807)
order by n.id desc limit %(limit)s

-- name: acknowledge
-- The platform's own answer to an alarm that it has.
update notification set state = 'acknowledged', acknowledged_at = coalesce(acknowledged_at, %(now)s)
where id = %(id)s and station_id = %(station)s and channel = %(channel)s and state in ('queued', 'accepted')

-- name: contradict
-- The platform took an alarm and answers that it can do nothing with it.
insert into attempt (notification_id, started_at, ended_at, result, detail)
select id, %(now)s, %(now)s, 'answered', %(detail)s from notification
where id = %(id)s and station_id = %(station)s and channel = %(channel)s

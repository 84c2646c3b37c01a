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
-- Trying again says nothing new of why the last try failed, nor of since when the platform has us, or has not.
update county_link set state = %(state)s, seen_at = %(now)s,
    changed_at = case when (state = 'online') = (%(state)s = 'online') then changed_at else %(now)s end,
    status = case when %(state)s = 'registering' and %(why)s = '' then status else %(status)s end,
    why = case when %(state)s = 'registering' and %(why)s = '' then why else %(why)s end,
    registered_at = case when %(state)s = 'online' then %(now)s when %(state)s = 'off' then null else registered_at end
where station_id = %(station)s and name = %(name)s

-- name: seen
update county_link set seen_at = %(now)s, clock_offset_s = %(offset)s, items = %(items)s,
    told_at = coalesce(%(told_at)s, told_at), subscriptions = %(subscriptions)s,
    -- of another recording than the one that is asked for nothing is said
    capture_file = case when capture_until = %(capturing)s then %(capture_file)s else capture_file end,
    capture_messages = case when capture_until = %(capturing)s then %(captured)s else capture_messages end
where station_id = %(station)s and name = %(name)s
returning capture_until

-- name: ask_capture
-- Record until then; null: no more.
update county_link set capture_until = %(until)s,
    capture_file = case when %(until)s::timestamptz is null then capture_file end,
    capture_messages = case when %(until)s::timestamptz is null then capture_messages else 0 end
where station_id = %(station)s and name = %(name)s

-- name: captured
select capture_file, capture_messages from county_link where station_id = %(station)s and name = %(name)s

-- name: links
-- How each link stands, with what waits for it, what became of the last day's alarms, and which devices have a code
-- that is younger than the catalogue it was told.
select l.name, l.kind, l.server, l.device_code, l.state, l.status, l.why, l.changed_at, l.seen_at, l.registered_at,
    l.clock_offset_s, l.items, l.told_at, l.subscriptions,
    n.waiting, n.oldest, n.sent, n.acknowledged, n.refused, n.expired, n.contradicted, n.last_sent, n.last_acknowledged,
    (select count(*) from county_code c join device d on d.station_id = c.station_id and d.id = c.device_id
        where c.station_id = l.station_id and c.given_at > l.told_at) as untold
from county_link l, lateral (
    select count(*) filter (where state = 'queued') as waiting,
        min(created_at) filter (where state = 'queued') as oldest,
        count(*) filter (where state = 'accepted' and not contradicted) as sent,
        count(*) filter (where state = 'acknowledged' and not contradicted) as acknowledged,
        count(*) filter (where state = 'refused') as refused,
        count(*) filter (where state = 'expired') as expired,
        count(*) filter (where contradicted) as contradicted,
        max(accepted_at) as last_sent, max(acknowledged_at) as last_acknowledged
    from (
        select state, created_at, accepted_at, acknowledged_at, exists (
            select from attempt a where a.notification_id = notification.id and a.result = 'answered') as contradicted
        from notification
        where station_id = l.station_id and purpose = 'county' and channel = case l.kind when 'gat1400' then 'viid:' else 'county:' end || l.name
            and (created_at > %(since)s or state = 'queued')
    ) told
) n
where l.station_id = %(station)s order by l.name

-- name: standing
-- How each link stands, and nothing else: asked often.
select name, state, changed_at, seen_at from county_link where station_id = %(station)s order by name

-- name: buttons
-- How many buttons to call for help there are, and how many of them have no code.
select count(*) as buttons, count(*) filter (where c.code is null) as without
from device d left join county_code c on c.station_id = d.station_id and c.device_id = d.id
where d.station_id = %(station)s and d.kind in ('school_button', 'sos_button')

-- name: alarms
-- The newest alarms of all links, or of one, and what became of each; its device is the one that has its code.
select n.id, substr(n.channel, 8) as link, n.alert_id as alert, d.name as device, p.name as place,
    n.body ->> 'channel' as channel, (n.body ->> 'priority')::integer as priority,
    (n.body ->> 'method')::integer as method, (n.body ->> 'type')::integer as type,
    (n.body ->> 'at')::timestamptz as at, n.created_at as put_at,
    case
        when a.result = 'answered' then 'contradicted'
        when n.state = 'queued' then 'waiting' when n.state = 'accepted' then 'sent' else n.state
    end as state,
    n.accepted_at as sent_at, n.acknowledged_at, n.expires_at, n.attempts, n.provider_id as answer,
    a.detail as reason, case when n.state = 'queued' then n.due_at end as next_try
from notification n
left join lateral (
    select result, detail from attempt where notification_id = n.id order by result = 'answered' desc, id desc limit 1
) a on true
left join county_code c on c.station_id = n.station_id and c.code = n.body ->> 'channel'
left join device d on d.station_id = c.station_id and d.id = c.device_id
left join place p on p.station_id = d.station_id and p.id = d.place_id
where n.station_id = %(station)s and n.purpose = 'county' and starts_with(n.channel, 'county:') and n.id < coalesce(%(before)s, 9223372036854775807)
    and (%(link)s::text is null or n.channel = 'county:' || %(link)s)
    and (%(alert)s::bigint is null or n.alert_id = %(alert)s)
order by n.id desc limit %(limit)s

-- name: totals
-- What there is of alarms and pictures for each link, by what became of them.
select substr(channel, strpos(channel, ':') + 1) as link, state, count(*), min(created_at) as oldest from notification
where station_id = %(station)s and purpose = 'county' group by channel, state

-- name: acknowledge
-- The platform's own answer to an alarm that it has.
update notification set state = 'acknowledged', acknowledged_at = coalesce(acknowledged_at, %(now)s)
where id = %(id)s and station_id = %(station)s and channel = %(channel)s and state in ('queued', 'accepted')

-- name: contradict
-- The platform took an alarm and answers that it can do nothing with it.
insert into attempt (notification_id, started_at, ended_at, result, detail)
select id, %(now)s, %(now)s, 'answered', %(detail)s from notification
where id = %(id)s and station_id = %(station)s and channel = %(channel)s

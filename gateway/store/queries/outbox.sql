-- name: enqueue
-- One message to one recipient on one channel; the same key again is the message it was.
insert into notification (station_id, key, channel, recipient, priority, incident_id, alert_id, body, purpose,
    username, contact_id, instead_of, bulletin_id, person_id, enterprise_id, created_at, due_at, expires_at)
values (%(station)s, %(key)s, %(channel)s, %(recipient)s, %(priority)s, %(incident)s, %(alert)s, %(body)s, %(purpose)s,
    %(username)s, %(contact)s, %(instead_of)s, %(bulletin)s, %(person)s, %(enterprise)s, %(now)s, %(now)s, %(expires_at)s)
on conflict (key) do nothing
returning id

-- name: of_key
select id from notification where key = %(key)s

-- name: quieten
-- Quiet hours: lesser messages to people wait until they are over, and are of use as much longer; but a bulletin ends
-- when it says.
update notification set due_at = %(until)s,
    expires_at = case
        when purpose = 'bulletin' then expires_at
        else expires_at + (%(until)s - %(now)s::timestamptz)
    end
where state = 'queued' and channel = %(channel)s and station_id = %(station)s
    and (username is not null or person_id is not null)
    and priority in ('P3', 'P4') and purpose <> 'test' and due_at <= %(now)s
    and (leased_until is null or leased_until <= %(now)s)

-- name: expire
-- Too late to be of use. As long as nobody has answered the incident, its messages are: they are tried on.
update notification n set state = 'expired', receipt_by = null
where state = 'queued' and station_id = %(station)s and expires_at <= %(now)s
    and (leased_until is null or leased_until <= %(now)s)
    and not exists (
        select from incident i
        where i.id = n.incident_id and n.username is not null
            and i.state in ('new', 'acknowledged', 'dispatched', 'reopened'))

-- name: lease
-- The most urgent messages of a channel, for us alone until the lease ends. Those of bulletins come by the thousand: of
-- what is equally urgent they are the last.
update notification set leased_until = %(until)s, attempts = attempts + 1
where id in (
    select id from notification
    where state = 'queued' and channel = %(channel)s and station_id = %(station)s
        and priority = any (%(priorities)s) and (not %(fresh)s or attempts = 0)
        and (not %(quiet)s or username is null and person_id is null or priority in ('P1', 'P2') or purpose = 'test')
        and due_at <= %(now)s and (leased_until is null or leased_until <= %(now)s)
    order by priority, purpose = 'bulletin', id limit %(limit)s for update skip locked
)
returning id, key, channel, recipient, priority, body, created_at, attempts, incident_id as incident,
    alert_id as alert, contact_id, username, person_id, enterprise_id,
    (select count(*) from attempt where notification_id = notification.id) as recorded,
    case
        when person_id is not null then (
            select p.sealed from person p where p.station_id = notification.station_id and p.id = person_id
                and p.phone_index is not null and p.erased_at is null and (
                    select c.state from consent c where c.station_id = p.station_id and c.person_id = p.id
                        and c.purpose = 'bulletins' order by c.id desc limit 1) = 'given')
        when enterprise_id is not null then (
            select e.endpoint_sealed from enterprise e where e.id = enterprise_id and e.ended_at is null)
        else (
            select c.address_sealed from contact c join user_account u on u.username = c.username
            where c.id = contact_id and c.state = 'active' and u.disabled_at is null)
    end as address_sealed

-- name: release
-- A new start: whoever leased these is gone, since each channel has one process that delivers.
update notification set leased_until = null
where state = 'queued' and leased_until is not null and station_id = %(station)s and channel = any (%(channels)s)

-- name: record
insert into attempt (notification_id, started_at, ended_at, result, detail)
values (%(id)s, %(started_at)s, %(ended_at)s, %(result)s, %(detail)s)

-- name: settle
-- What became of it, never downwards: a phone may have shown it before the provider's answer came. Once another way has
-- been tried instead, nothing more is waited for.
update notification set
    state = case when state in ('delivered', 'seen', 'acknowledged') then state else %(state)s end,
    accepted_at = coalesce(accepted_at, %(accepted_at)s), provider_id = coalesce(%(provider_id)s, provider_id),
    receipt_by = case
        when state not in ('delivered', 'seen', 'acknowledged') and fell_back_at is null and username is not null
        then %(receipt_by)s::timestamptz
    end,
    leased_until = null
where id = %(id)s

-- name: postpone
-- Try again later; one that was stopped meanwhile stays stopped. The person is not waited with for ever.
update notification set due_at = %(due_at)s, leased_until = null,
    receipt_by = case
        when state = 'queued' and fell_back_at is null and username is not null
        then coalesce(receipt_by, %(receipt_by)s)
    end
where id = %(id)s

-- name: stop
-- Nobody needs to be called any more; when it is over, nobody sent, urged or told how many more there are. One that is
-- under way this moment may still ring, but is not tried again.
update notification set state = 'stopped', receipt_by = null
where incident_id = %(incident)s and state = 'queued' and username is not null
    and (purpose = 'incident' or %(over)s and purpose in ('dispatch', 'urge', 'digest'))

-- name: backlog
-- What waits, and since when the oldest might have gone out: what quiet hours put off is not late.
select channel, count(*), min(case when attempts = 0 then due_at else created_at end) from notification
where state = 'queued' and station_id = %(station)s group by channel

-- name: acknowledge
-- Whoever signs has read what they were sent, and needs nothing that has not gone out.
update notification set state = case when state = 'queued' then 'stopped' else 'acknowledged' end,
    acknowledged_at = case when state = 'queued' then null else %(at)s::timestamptz end, receipt_by = null
where incident_id = %(incident)s and username = %(username)s and state in ('queued', 'accepted', 'delivered', 'seen')

-- name: policy
select policy, time_zone from station where id = %(station)s

-- name: sent_since
-- When the attempts of a channel began, lately: what a rate limit has to count after a new start.
select a.started_at from attempt a join notification n on n.id = a.notification_id
where n.channel = %(channel)s and n.station_id = %(station)s and n.created_at > %(since)s - interval '1 hour'
    and a.started_at > %(since)s
order by a.started_at

-- name: enqueue
-- One message to one recipient on one channel; the same key again is the message it was.
insert into notification (station_id, key, channel, recipient, priority, incident_id, alert_id, body, purpose,
    username, contact_id, created_at, due_at, expires_at)
values (%(station)s, %(key)s, %(channel)s, %(recipient)s, %(priority)s, %(incident)s, %(alert)s, %(body)s, %(purpose)s,
    %(username)s, %(contact)s, %(now)s, %(now)s, %(expires_at)s)
on conflict (key) do nothing

-- name: expire
-- Too late to be of use. As long as nobody has answered the incident, its messages are: they are tried on.
update notification n set state = 'expired'
where state = 'queued' and station_id = %(station)s and expires_at <= %(now)s
    and (leased_until is null or leased_until <= %(now)s)
    and not exists (
        select from incident i
        where i.id = n.incident_id and n.username is not null
            and i.state in ('new', 'acknowledged', 'dispatched', 'reopened'))

-- name: lease
-- The most urgent messages of a channel, for us alone until the lease ends.
update notification set leased_until = %(until)s, attempts = attempts + 1
where id in (
    select id from notification
    where state = 'queued' and channel = %(channel)s and station_id = %(station)s
        and priority = any (%(priorities)s)
        and due_at <= %(now)s and (leased_until is null or leased_until <= %(now)s)
    order by priority, id limit %(limit)s for update skip locked
)
returning id, key, channel, recipient, priority, body, created_at, attempts, incident_id as incident,
    alert_id as alert, contact_id, username,
    (select c.address_sealed from contact c where c.id = contact_id and c.state = 'active') as address_sealed

-- name: release
-- A new start: whoever leased these is gone, since only the holder of the road delivers.
update notification set leased_until = null
where state = 'queued' and leased_until is not null and station_id = %(station)s

-- name: record
insert into attempt (notification_id, started_at, ended_at, result, detail)
values (%(id)s, %(started_at)s, %(ended_at)s, %(result)s, %(detail)s)

-- name: settle
update notification set state = %(state)s, accepted_at = %(accepted_at)s, provider_id = %(provider_id)s,
    leased_until = null
where id = %(id)s

-- name: postpone
-- Try again later; one that was stopped meanwhile stays stopped.
update notification set due_at = %(due_at)s, leased_until = null where id = %(id)s

-- name: stop
-- Nobody needs to be told any more. One that is under way this moment may still ring, but is not tried again.
update notification set state = 'stopped'
where incident_id = %(incident)s and state = 'queued' and username is not null and purpose = 'incident'

-- name: backlog
select channel, count(*), min(created_at) from notification
where state = 'queued' and station_id = %(station)s group by channel

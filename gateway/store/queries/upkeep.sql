-- name: is_hypertable
-- Whether events live in a hypertable: decided when the table was made, not by what is installed now.
select relkind <> 'p' from pg_class where oid = 'event'::regclass

-- name: partitions
-- The day partitions there are, by name.
select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'event'::regclass order by c.relname

-- name: timescale_compress
-- Compress chunks that no event can reach any more.
select compress_chunk(c, if_not_compressed => true) from show_chunks('event', older_than => %(before)s::timestamptz) c

-- name: timescale_old
-- The chunks of events that are old enough to be dropped.
select c::text from show_chunks('event', older_than => %(before)s::timestamptz) c

-- name: oldest_after
-- The oldest event after another's time, or of all.
select min(ts) from event where ts > coalesce(%(after)s::timestamptz, '-infinity')

-- name: timescale_drop
select drop_chunks('event', older_than => %(before)s::timestamptz)

-- name: forget_seen
-- Ids of events too old to be taken in again.
delete from event_seen where station_id = %(station)s and ts < %(before)s

-- name: forget_dead_letters
delete from dead_letter where station_id = %(station)s and last_received_at < %(before)s

-- name: lead
-- One process runs the scheduled work.
select pg_try_advisory_lock(hashtextextended('anxin schedule ' || %(station)s, 0))

-- name: forget_attempts
-- Attempts of messages that were settled long ago.
delete from attempt a using notification n
where n.id = a.notification_id and n.station_id = %(station)s and n.state <> 'queued' and n.created_at < %(before)s
    and {of_nobody_held}

-- name: forget_probes
-- Probes of the watchdog that are over: messages first, then the alerts they were.
with gone as (
    delete from notification n using alert a
    where n.alert_id = a.id and a.stream = 'probe' and a.station_id = %(station)s and n.state <> 'queued'
        and n.created_at < %(before)s
    returning n.id
)
delete from attempt where notification_id in (select id from gone)

-- name: forget_probe_alerts
delete from alert a where a.station_id = %(station)s and a.stream = 'probe' and a.ended_at < %(before)s
    and not exists (select from notification n where n.alert_id = a.id)

-- name: forget_notifications
-- Messages that were settled long ago.
delete from notification n
where n.station_id = %(station)s and n.state <> 'queued' and n.created_at < %(before)s and {of_nobody_held}

-- name: of_nobody_held
-- A message of no case that is held, nor of its alerts.
(n.incident_id is null or n.incident_id not in (select id from held_incident)) and (n.alert_id is null or not exists (
    select from incident_alert l join held_incident h on h.id = l.incident_id where l.alert_id = n.alert_id))

-- name: create_staging
-- Where a batch lands by COPY before it is told from what was there; empties itself at commit.
create temporary table if not exists staging (
    ordinal integer, device_id text, event_id text, digest bigint, ts timestamptz, device_ts timestamptz,
    received_at timestamptz, kind text, place_id text, skewed boolean, data jsonb
) on commit delete rows

-- name: copy_staging
copy staging (ordinal, device_id, event_id, digest, ts, device_ts, received_at, kind, place_id, skewed, data)
from stdin

-- name: note_seen
-- Note every staged id that was never seen. The row count tells whether all of them were new.
insert into event_seen (station_id, device_id, event_id, digest, ts)
select %(station)s, device_id, event_id, digest, ts from staging
on conflict do nothing

-- name: drop_known
-- Take out of the staging what an earlier transaction had stored, and say whether it said the same.
delete from staging s using event_seen seen
where seen.station_id = %(station)s and seen.device_id = s.device_id and seen.event_id = s.event_id
    and seen.xmin::text::bigint <> pg_current_xact_id()::text::bigint & 4294967295
returning s.ordinal, seen.digest = s.digest

-- name: insert_staged
-- Store what is left.
insert into event (station_id, device_id, event_id, ts, device_ts, received_at, kind, place_id, skewed, data)
select %(station)s, device_id, event_id, ts, device_ts, received_at, kind, place_id, skewed, data from staging

-- name: list
-- Events of one station, newest first, within a scope of areas.
select e.device_id as device, e.event_id as id, e.kind, e.ts, e.device_ts, e.received_at, e.committed_at,
    e.place_id as place, e.skewed, e.data
from event e left join place p on p.station_id = e.station_id and p.id = e.place_id
where e.station_id = %(station)s
    and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))
    and (%(device)s::text is null or e.device_id = %(device)s)
    and (%(place)s::text is null or e.place_id = %(place)s)
    and (%(kind)s::text is null or e.kind = %(kind)s)
    and e.ts >= %(since)s and e.ts < %(until)s
    and (%(after_ts)s::timestamptz is null
        or (e.ts, e.device_id, e.event_id) < (%(after_ts)s, %(after_device)s, %(after_id)s))
order by e.ts desc, e.device_id desc, e.event_id desc
limit %(limit)s

-- name: received
-- A stretch of the past in the order it came. Without its data where nobody asks for it.
select device_id, event_id, ts, device_ts, received_at, kind, skewed,
    case when %(kinds)s::text[] is null or kind = any (%(kinds)s) then data::text end
from event
where station_id = %(station)s and ts >= %(ts_from)s and ts < %(ts_to)s
    and received_at >= %(since)s and received_at < %(until)s
    and (%(committed_after)s::timestamptz is null or committed_at > %(committed_after)s)
order by received_at, device_id, event_id

-- name: count_received
select count(*) from event
where station_id = %(station)s and ts >= %(ts_from)s and ts < %(ts_to)s
    and received_at >= %(since)s and received_at < %(until)s

-- name: oldest
select ts from event where station_id = %(station)s order by ts limit 1

-- name: health_before
-- What was received before a moment of each device: when it was heard, when it spoke, when it came and went.
select device_id, max(received_at) filter (where kind <> 'device.offline'), max(ts) filter (where kind <> 'device.offline'),
    max(received_at) filter (where kind = 'device.online'), max(received_at) filter (where kind = 'device.offline')
from event where station_id = %(station)s and ts < %(ts_to)s and received_at < %(since)s
group by device_id

-- name: newest_commit
select max(committed_at) from event where station_id = %(station)s and ts >= %(since)s

-- name: first_received
-- When the first of those was received that were committed after a moment.
select min(received_at) from event
where station_id = %(station)s and ts >= %(since)s and committed_at > %(committed_after)s

-- name: by_reference
-- The events an alert names.
select e.device_id as device, e.event_id as id, e.kind, e.ts, e.device_ts, e.received_at, e.committed_at,
    e.place_id as place, e.skewed, e.data
from event_seen seen join event e
    on e.station_id = seen.station_id and e.device_id = seen.device_id and e.event_id = seen.event_id and e.ts = seen.ts
where seen.station_id = %(station)s and seen.device_id || '/' || seen.event_id = any (%(references)s)
    and seen.device_id = any (%(devices)s) and seen.event_id = any (%(ids)s)
order by e.ts

-- name: bury
-- Keep what could not become an event. The same message again is one row, which stands again if it was sent again.
insert into dead_letter (station_id, source, topic, reason, detail, payload, sha256, size, received_at,
    last_received_at)
values (%(station)s, %(source)s, %(topic)s, %(reason)s, %(detail)s, %(payload)s, %(sha256)s, %(size)s, %(received_at)s,
    %(received_at)s)
on conflict (station_id, topic, sha256, reason) do update set seen = dead_letter.seen + 1, replayed_at = null,
    replayed_by = null,
    last_received_at = greatest(dead_letter.last_received_at, excluded.last_received_at)

-- name: dead_letters
-- Dead letters, newest first.
select id, source, topic, reason, detail, payload, sha256, size, received_at, last_received_at, seen, replayed_at,
    replayed_by
from dead_letter
where station_id = %(station)s and (%(before)s::bigint is null or id < %(before)s)
    and (%(reason)s::text is null or reason = %(reason)s)
    and (%(standing)s::boolean is null or (replayed_at is null) = %(standing)s)
    and (%(device)s::text is null or split_part(topic, '/', 4) = %(device)s)
order by id desc limit %(limit)s

-- name: dead_letter_counts
-- How many dead letters there are of each reason.
select reason, count(*) from dead_letter where station_id = %(station)s group by reason order by reason

-- name: inbox_put
-- Append what came over HTTP; the road takes it from here.
insert into inbox (station_id, topic, payload, received_at)
values (%(station)s, %(topic)s, %(payload)s, %(received_at)s) returning id

-- name: inbox_take
-- The oldest waiting.
select id, topic, payload, received_at from inbox
where station_id = %(station)s order by id limit %(limit)s

-- name: inbox_remove
-- Done with these, in the same transaction that stored them.
delete from inbox where id = any (%(ids)s)

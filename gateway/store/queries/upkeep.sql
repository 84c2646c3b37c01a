-- name: is_hypertable
select exists (select from pg_extension where extname = 'timescaledb')

-- name: partitions
-- The day partitions there are, by name.
select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'event'::regclass order by c.relname

-- name: timescale_compress
-- Compress chunks that no event can reach any more.
select compress_chunk(c, if_not_compressed => true) from show_chunks('event', older_than => %(before)s::timestamptz) c

-- name: timescale_drop
select drop_chunks('event', older_than => %(before)s::timestamptz)

-- name: forget_seen
-- Ids of events too old to be taken in again.
delete from event_seen where ts < %(before)s

-- name: forget_dead_letters
delete from dead_letter where last_received_at < %(before)s

-- name: lead
-- One process runs the scheduled work.
select pg_try_advisory_lock(hashtextextended('anxin schedule ' || %(station)s, 0))

-- name: server
-- What the server is, and the settings without which something that was committed may be lost.
select current_setting('server_version') as version, current_setting('server_version_num')::integer as number,
    (select extversion from pg_extension where extname = 'timescaledb') as timescaledb,
    current_setting('fsync') = 'on' as fsync, current_setting('full_page_writes') = 'on' as full_page_writes,
    current_setting('synchronous_commit') <> 'off' as synchronous_commit,
    current_setting('max_connections')::integer as most_connections,
    current_setting('superuser_reserved_connections')::integer as reserved_connections,
    (select count(*) from pg_stat_activity where datid is not null)::integer as connections,
    pg_has_role('pg_read_all_settings', 'usage') as reads_settings,
    pg_database_size(current_database()) as size

-- name: time
-- The server's clock this very moment.
select clock_timestamp()

-- name: folder
-- Where the server keeps its data, for whoever may know.
select current_setting('data_directory')

-- name: station
select count(*) from station where id = %(station)s

-- name: partition_bounds
-- Up to when there are day partitions for events, by their names.
select max(c.relname) from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'event'::regclass and c.relname ~ '^event_\d{8}$'

-- name: inbox
-- What came over HTTP and waits for the road.
select count(*)::integer, min(received_at) from inbox where station_id = %(station)s

-- name: unsent
-- What was given up within some time, by channel and how it ended.
select channel, state, count(*)::integer from notification
where station_id = %(station)s and state in ('refused', 'expired') and created_at >= %(since)s
group by channel, state order by channel, state

-- name: dead_letters
-- What could not become an event within some time, by reason, with the newest's word and topic.
select reason, count(*)::integer, (array_agg(topic order by id desc))[1], (array_agg(detail order by id desc))[1]
from dead_letter where station_id = %(station)s and last_received_at >= %(since)s and replayed_at is null
group by reason order by reason

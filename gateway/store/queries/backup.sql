-- name: lock_timeout
-- A table that somebody rebuilds is waited for, but not for ever.
set lock_timeout = '60s'

-- name: patience
-- A backup takes as long as it takes, and its snapshot waits while others read it.
select set_config(name, '0', false) from unnest('{statement_timeout, idle_in_transaction_session_timeout}'::text[]) name

-- name: tables
-- Our tables: not partitions (their parent counts for them), nothing that belongs to an extension; without those that
-- are unlogged, whose rows are in no backup.
select c.relname from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    and c.relpersistence = 'p'
    and not exists (
        select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by c.relname

-- name: export
-- Let another process read what this transaction sees.
select pg_export_snapshot()

-- name: stations
select id from station order by id

-- name: server
-- Its version as a number, and that of TimescaleDB where it is in this database.
select current_setting('server_version_num')::integer,
    (select extversion from pg_extension where extname = 'timescaledb')

-- name: strangers
-- What is in a database that should be empty.
select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
    and not exists (
        select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by 1 limit 3

-- name: timescale_offers
-- The versions of TimescaleDB this server could load.
select version from pg_available_extension_versions where name = 'timescaledb' order by version

-- name: timescale_before
-- Let rows of its catalogue come in.
select timescaledb_pre_restore()

-- name: timescale_after
select timescaledb_post_restore()

-- name: timescale_drop
drop extension timescaledb cascade

-- name: renumber
-- Ids go on far above what they were: those that were given after the backup are known to phones, the command room and
-- consoles, and must never mean something else.
select setval(format('%%I.%%I', schemaname, sequencename)::regclass, coalesce(last_value, 0) + %(margin)s)
from pg_sequences where schemaname = 'public'

-- name: forget_changes
-- Only the newest change stays, since numbering goes on from it.
delete from change c where c.id < (select max(id) from change m where m.station_id = c.station_id)

-- name: renumber_changes
-- Consoles that followed the old numbers are told to fetch everything anew.
update change set id = id + %(margin)s

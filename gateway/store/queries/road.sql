-- name: hold
-- Take the road of a station for as long as this connection lives. Waits for nobody.
select pg_try_advisory_lock(hashtextextended('anxin road ' || %(station)s, 0))

-- name: version
-- The present version; the row is made on first use.
insert into road (station_id) values (%(station)s)
on conflict (station_id) do update set version = road.version
returning version

-- name: advance
-- One commit further, if nobody else drove in between.
update road set version = version + 1 where station_id = %(station)s and version = %(version)s

-- name: heard
-- When each device was last heard and whether it was online, as kept.
select device_id, last_heard, online from device_health where station_id = %(station)s

-- name: heard_since
-- What events say beyond what was kept: health rows are written at most every few seconds.
select device_id, max(received_at) from event
where station_id = %(station)s and ts > %(since)s and received_at > %(since)s
group by device_id

-- name: keep_health
-- Note when devices were heard, and what their status said.
insert into device_health (station_id, device_id, last_heard, online, battery)
select %(station)s, h.device, h.heard, h.online, h.battery
from unnest(%(devices)s::text[], %(heard)s::timestamptz[], %(online)s::boolean[], %(battery)s::smallint[])
    as h (device, heard, online, battery)
on conflict (station_id, device_id) do update set
    last_heard = greatest(device_health.last_heard, excluded.last_heard),
    online = coalesce(excluded.online, device_health.online),
    battery = coalesce(excluded.battery, device_health.battery)

-- name: station
select id, name, time_zone, registry_version from station where id = %(station)s

-- name: areas
select id, kind, name, parent from area where station_id = %(station)s order by id

-- name: places
select id, kind, area_id as area, name, lat, lon from place where station_id = %(station)s order by id

-- name: devices
select id, kind, place_id as place, name from device where station_id = %(station)s order by id

-- name: persons
select id, name, place_id as place, care from person where station_id = %(station)s order by id

-- name: duties
select area_id as area, officer, deputy, commander from duty where station_id = %(station)s order by area_id

-- name: responders
select username, name, role, phone from user_account where station_id = %(station)s order by username

-- name: put_station
insert into station (id, name, time_zone) values (%(id)s, %(name)s, %(time_zone)s)
on conflict (id) do update set name = excluded.name, time_zone = excluded.time_zone,
    registry_version = station.registry_version + 1

-- name: put_area
insert into area (station_id, id, kind, name, parent) values (%(station)s, %(id)s, %(kind)s, %(name)s, %(parent)s)
on conflict (station_id, id) do update set kind = excluded.kind, name = excluded.name, parent = excluded.parent

-- name: put_place
insert into place (station_id, id, kind, area_id, name, lat, lon)
values (%(station)s, %(id)s, %(kind)s, %(area)s, %(name)s, %(lat)s, %(lon)s)
on conflict (station_id, id) do update set kind = excluded.kind, area_id = excluded.area_id,
    name = excluded.name, lat = excluded.lat, lon = excluded.lon

-- name: put_device
-- A device keeps the secret it has unless it is given a new one.
insert into device (station_id, id, kind, place_id, name, secret_sha256)
values (%(station)s, %(id)s, %(kind)s, %(place)s, %(name)s, %(secret_sha256)s)
on conflict (station_id, id) do update set kind = excluded.kind, place_id = excluded.place_id,
    name = excluded.name, secret_sha256 = coalesce(excluded.secret_sha256, device.secret_sha256)

-- name: put_person
insert into person (station_id, id, name, place_id, care) values (%(station)s, %(id)s, %(name)s, %(place)s, %(care)s)
on conflict (station_id, id) do update set name = excluded.name, place_id = excluded.place_id, care = excluded.care

-- name: put_user
-- A user keeps the password they have unless they are given a new one.
insert into user_account (username, station_id, name, role, areas, phone, password_hash)
values (%(username)s, %(station)s, %(name)s, %(role)s, %(areas)s, %(phone)s, %(password_hash)s)
on conflict (username) do update set name = excluded.name, role = excluded.role, areas = excluded.areas,
    phone = excluded.phone, password_hash = coalesce(excluded.password_hash, user_account.password_hash),
    failed_logins = 0, locked_until = null
where user_account.station_id = excluded.station_id

-- name: put_duty
insert into duty (station_id, area_id, officer, deputy, commander)
values (%(station)s, %(area)s, %(officer)s, %(deputy)s, %(commander)s)
on conflict (station_id, area_id) do update set officer = excluded.officer, deputy = excluded.deputy,
    commander = excluded.commander

-- name: list_places
-- Places within a scope.
select id, kind, area_id as area, name, lat, lon from place
where station_id = %(station)s and (%(areas)s::text[] is null or area_id = any (%(areas)s))
    and (%(area)s::text is null or area_id = %(area)s) and (%(after)s::text is null or id > %(after)s)
order by id limit %(limit)s

-- name: list_areas
select id, kind, name, parent from area
where station_id = %(station)s and (%(areas)s::text[] is null or id = any (%(areas)s)) order by id

-- name: list_devices
-- Devices within a scope, with how they are.
select d.id, d.kind, d.place_id as place, p.area_id as area, p.name as place_name, d.name,
    h.last_heard, h.online, h.battery
from device d join place p on p.station_id = d.station_id and p.id = d.place_id
left join device_health h on h.station_id = d.station_id and h.device_id = d.id
where d.station_id = %(station)s and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))
    and (%(kind)s::text is null or d.kind = %(kind)s)
    and (%(area)s::text is null or p.area_id = %(area)s)
    and (%(place)s::text is null or d.place_id = %(place)s)
    and (%(after)s::text is null or d.id > %(after)s)
order by d.id limit %(limit)s

-- name: device_secret
select secret_sha256 from device where station_id = %(station)s and id = %(device)s

-- name: station
select id, name, time_zone, registry_version, policy from station where id = %(station)s

-- name: areas
select id, kind, name, parent from area where station_id = %(station)s order by id

-- name: areas_with_shapes
-- Areas as a site file has them; whoever routes and answers needs no outlines.
select id, kind, name, parent, shape from area where station_id = %(station)s order by id

-- name: places
select id, kind, area_id as area, name, lat, lon, parent, attributes from place where station_id = %(station)s order by id

-- name: devices
select id, kind, place_id as place, name, via, attributes from device where station_id = %(station)s order by id

-- name: persons
-- Nobody's name: the road goes by ids.
select id, '' as name, place_id as place, care from person where station_id = %(station)s and erased_at is null order by id

-- name: duties
select area_id as area, officer, deputy, commander, leader from duty where station_id = %(station)s order by area_id

-- name: shifts
select id, duty_as, people, area_id as area, hours, since, turn_days, place_id as place from shift
where station_id = %(station)s order by id

-- name: swaps
-- The latest swaps, far more than can lie ahead: no date of the database's, whose clock may not be the station's.
select shift_id as shift, day, instead_of, stands_in as by from swap
where station_id = %(station)s order by day desc limit 10000

-- name: responders
select u.username, u.name, u.role, u.auxiliary, {ways} as contacts
from user_account u where u.station_id = %(station)s order by u.username

-- name: drills
-- The newest drills, far more than can be under way: those that may still matter to what is on the road.
select device_id as device, starts_at, ends_at, note from drill where station_id = %(station)s
order by ends_at desc limit 10000

-- name: announce_drill
insert into drill (station_id, device_id, starts_at, ends_at, note, announced_by)
select d.station_id, d.id, %(starts_at)s, %(ends_at)s, %(note)s, %(by)s
from device d join place p on p.station_id = d.station_id and p.id = d.place_id
where d.station_id = %(station)s and d.id = %(device)s
    and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))

-- name: end_drill
-- What is left of a device's drills does not take place.
update drill r set ends_at = greatest(r.starts_at + interval '1 microsecond', %(now)s)
from device d join place p on p.station_id = d.station_id and p.id = d.place_id
where r.station_id = %(station)s and r.device_id = %(device)s and r.ends_at > %(now)s
    and d.station_id = r.station_id and d.id = r.device_id
    and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))

-- name: list_drills
-- Drills within a scope: under way and to come in their order, then those that are over, the latest first.
select r.id, r.device_id as device, d.name as device_name, p.id as place, p.area_id as area,
    r.starts_at, r.ends_at, r.note, r.announced_by
from drill r join device d on d.station_id = r.station_id and d.id = r.device_id
join place p on p.station_id = d.station_id and p.id = d.place_id
where r.station_id = %(station)s and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))
order by r.ends_at <= %(now)s, case when r.ends_at > %(now)s then r.starts_at end, r.ends_at desc, r.id desc
limit %(limit)s

-- name: patch_care
-- Change parts of a care profile; what is null is taken out. Within a scope of areas.
update person set care = jsonb_strip_nulls(care || %(patch)s)
where person.station_id = %(station)s and person.id = %(person)s
    and (%(areas)s::text[] is null or exists (select from place p
        where p.station_id = person.station_id and p.id = person.place_id and p.area_id = any (%(areas)s)))

-- name: lock_person
-- Whoever else would change this person waits. Within a scope of areas.
select 1 from person where person.station_id = %(station)s and person.id = %(person)s
    and (%(areas)s::text[] is null or exists (select from place p
        where p.station_id = person.station_id and p.id = person.place_id and p.area_id = any (%(areas)s)))
for update

-- name: last_absence
-- Who last said that a person is away or back, when by the server and, where told, when by their own device.
select username, act, at, detail ->> 'until' as until, (detail ->> 'said_at')::timestamptz as said_at from audit
where station_id = %(station)s and object = %(object)s and act in ('person.away', 'person.back')
order by id desc limit 1

-- name: away_until
select person.care ->> 'away_until' from person
join place p on p.station_id = person.station_id and p.id = person.place_id
where person.station_id = %(station)s and person.id = %(person)s
    and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))

-- name: areas_of_places
-- Those of these places that lie within a scope, with their areas.
select id, area_id from place where station_id = %(station)s and id = any (%(places)s)
    and (%(areas)s::text[] is null or area_id = any (%(areas)s))

-- name: touch
-- The registry has changed.
update station set registry_version = registry_version + 1 where id = %(station)s

-- name: put_station
insert into station (id, name, time_zone) values (%(id)s, %(name)s, %(time_zone)s)
on conflict (id) do update set name = excluded.name, time_zone = excluded.time_zone,
    registry_version = station.registry_version + 1

-- name: put_area
insert into area (station_id, id, kind, name, parent, shape)
values (%(station)s, %(id)s, %(kind)s, %(name)s, %(parent)s, %(shape)s)
on conflict (station_id, id) do update set kind = excluded.kind, name = excluded.name, parent = excluded.parent,
    shape = excluded.shape

-- name: put_place
insert into place (station_id, id, kind, area_id, name, lat, lon, parent, attributes)
values (%(station)s, %(id)s, %(kind)s, %(area)s, %(name)s, %(lat)s, %(lon)s, %(parent)s, %(attributes)s)
on conflict (station_id, id) do update set kind = excluded.kind, area_id = excluded.area_id,
    name = excluded.name, lat = excluded.lat, lon = excluded.lon, parent = excluded.parent,
    attributes = excluded.attributes

-- name: put_device
-- A device keeps the secret it has unless it is given a new one; behind a gateway it has none.
insert into device (station_id, id, kind, place_id, name, via, attributes, secret_sha256)
values (%(station)s, %(id)s, %(kind)s, %(place)s, %(name)s, %(via)s, %(attributes)s, %(secret_sha256)s)
on conflict (station_id, id) do update set kind = excluded.kind, place_id = excluded.place_id,
    name = excluded.name, via = excluded.via, attributes = excluded.attributes, secret_sha256 = case when excluded.via is null
        then coalesce(excluded.secret_sha256, device.secret_sha256) end

-- name: put_user
-- A user keeps the password they have unless they are given a new one.
insert into user_account (username, station_id, name, role, areas, auxiliary, password_hash)
values (%(username)s, %(station)s, %(name)s, %(role)s, %(areas)s, %(auxiliary)s, %(password_hash)s)
on conflict (username) do update set name = excluded.name, role = excluded.role, areas = excluded.areas,
    auxiliary = excluded.auxiliary, password_hash = coalesce(excluded.password_hash, user_account.password_hash),
    failed_logins = 0, locked_until = null
where user_account.station_id = excluded.station_id

-- name: put_duty
insert into duty (station_id, area_id, officer, deputy, commander, leader)
values (%(station)s, %(area)s, %(officer)s, %(deputy)s, %(commander)s, %(leader)s)
on conflict (station_id, area_id) do update set officer = excluded.officer, deputy = excluded.deputy,
    commander = excluded.commander, leader = excluded.leader

-- name: put_shift
insert into shift (station_id, id, area_id, duty_as, hours, people, since, turn_days, place_id)
values (%(station)s, %(id)s, %(area)s, %(duty_as)s, %(hours)s, %(people)s, %(since)s, %(turn_days)s, %(place)s)
on conflict (station_id, id) do update set area_id = excluded.area_id, duty_as = excluded.duty_as,
    hours = excluded.hours, people = excluded.people, since = excluded.since, turn_days = excluded.turn_days,
    place_id = excluded.place_id

-- name: put_policy
update station set policy = %(policy)s where id = %(station)s

-- name: list_places
-- Places within a scope, and whether there is a plan of each.
select p.id, p.kind, p.area_id as area, p.name, p.lat, p.lon, p.parent,
    case when l.place_id is not null then jsonb_build_object('corners', l.corners, 'version', left(l.sha256, 16)) end
        as plan
from place p left join place_plan l on l.station_id = p.station_id and l.place_id = p.id
where p.station_id = %(station)s and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))
    and (%(area)s::text is null or p.area_id = %(area)s) and (%(after)s::text is null or p.id > %(after)s)
order by p.id limit %(limit)s

-- name: span_of_places
-- South, west, north and east of the places within a scope.
select min(lat), min(lon), max(lat), max(lon) from place
where station_id = %(station)s and lat is not null and (%(areas)s::text[] is null or area_id = any (%(areas)s))

-- name: list_areas
select id, kind, name, parent, shape from area
where station_id = %(station)s and (%(areas)s::text[] is null or id = any (%(areas)s)) order by id

-- name: list_devices
-- Devices within a scope, with how they are.
select d.id, d.kind, d.place_id as place, p.area_id as area, p.name as place_name, d.name, d.via,
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

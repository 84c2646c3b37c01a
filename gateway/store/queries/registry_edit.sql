-- name: hold
-- Whoever changes the registry as a whole is alone until the transaction ends; the road reads on.
select id from station where id = %(station)s for no key update

-- name: users
-- The station's accounts, as a site file has them.
select username, name, role, areas, auxiliary from user_account where station_id = %(station)s order by username

-- name: contacts
-- Every way to reach somebody that stands, oldest first.
select username, channel, address_sealed from contact where station_id = %(station)s and state = 'active' order by id

-- name: secrets
-- Which devices have a secret, hashed.
select id, secret_sha256 from device where station_id = %(station)s and secret_sha256 is not null

-- name: put_secrets
-- New secrets of devices that connect themselves.
update device d set secret_sha256 = k.secret from unnest(%(devices)s::text[], %(secrets)s::text[]) as k (id, secret)
where d.station_id = %(station)s and d.id = k.id and d.via is null

-- name: with_record
-- Accounts that cannot go: their trail, a swap, or an incident that is not over names them.
select username, 'footprints' from footprint where station_id = %(station)s
union select instead_of, 'swaps' from swap where station_id = %(station)s
union select stands_in, 'swaps' from swap where station_id = %(station)s
union select username, 'rounds' from patrol_round where station_id = %(station)s
union select unnest(assignees), 'open incidents' from incident
    where station_id = %(station)s and state not in ('closed', 'merged', 'cancelled')

-- name: remove_duty
delete from duty where station_id = %(station)s and coalesce(area_id, '') = any (%(ids)s)

-- name: remove_patrol
-- A route; its rounds are a record and stay.
delete from patrol_route where station_id = %(station)s and id = any (%(ids)s)

-- name: remove_shift
delete from shift where station_id = %(station)s and id = any (%(ids)s)

-- name: remove_person
delete from person where station_id = %(station)s and id = any (%(ids)s)

-- name: remove_drills
-- What was planned with a device that is gone; the audit trail keeps who announced it.
delete from drill where station_id = %(station)s and device_id = any (%(ids)s)

-- name: remove_health
delete from device_health where station_id = %(station)s and device_id = any (%(ids)s)

-- name: remove_mapped
delete from mapped_state where station_id = %(station)s and device_id = any (%(ids)s)

-- name: remove_device
delete from device where station_id = %(station)s and id = any (%(ids)s)

-- name: remove_user
delete from user_account where station_id = %(station)s and username = any (%(ids)s)

-- name: remove_place
delete from place where station_id = %(station)s and id = any (%(ids)s)

-- name: remove_area
delete from area where station_id = %(station)s and id = any (%(ids)s)

-- name: departed
-- Subjects that open alerts, states or timers are about and the registry no longer has.
select s.subject from (
    select subject from alert where station_id = %(station)s and ended_at is null
    union select subject from rule_state where station_id = %(station)s
    union select subject from rule_timer where station_id = %(station)s
) s
where s.subject ~ '^(person|device|place|building):' and s.subject <> %(road)s
    and not exists (select from person p where p.station_id = %(station)s and s.subject = 'person:' || p.id)
    and not exists (select from device d where d.station_id = %(station)s and s.subject = 'device:' || d.id)
    and not exists (select from place p where p.station_id = %(station)s
        and p.id = regexp_replace(s.subject, '^(place|building):', ''))
order by s.subject

-- name: forget_states
-- What rules kept of subjects that are gone.
delete from rule_state where station_id = %(station)s and subject = any (%(subjects)s)

-- name: forget_timers
delete from rule_timer where station_id = %(station)s and subject = any (%(subjects)s)

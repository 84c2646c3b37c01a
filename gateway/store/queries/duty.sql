-- name: places
-- What a roster needs of the places: one of each area that has any, where shifts are, those asked for, and their buildings.
with wanted as (
    select id from (select distinct on (area_id) id from place where station_id = %(station)s order by area_id, id) one
    union
    select place_id from shift where station_id = %(station)s and place_id is not null
    union
    select unnest(%(places)s::text[])
)
select p.id, p.kind, p.area_id as area, p.name, p.lat, p.lon, p.parent, p.attributes from place p
where p.station_id = %(station)s and (p.id in (select id from wanted) or p.id in (
    select b.parent from place b where b.station_id = %(station)s and b.id in (select id from wanted)))
order by p.id

-- name: swaps_since
-- Who stands in for whom from a day on; the whole station's, as who answers for a grid may be named far above it.
select shift_id as shift, day, instead_of, stands_in as by from swap
where station_id = %(station)s and day >= %(since)s order by day, shift_id, instead_of

-- name: list_swaps
-- Swaps in the shifts of a scope, from a day on.
select w.id, w.shift_id as shift, w.day, w.instead_of, w.stands_in as by, w.reason_sealed, w.made_by, w.made_at
from swap w join shift s on s.station_id = w.station_id and s.id = w.shift_id
where w.station_id = %(station)s and w.day >= %(since)s and (%(areas)s::text[] is null or s.area_id = any (%(areas)s))
order by w.day, w.shift_id, w.instead_of

-- name: swap
-- A swap, when its shift is one of a scope.
select w.id, w.shift_id as shift, w.day, w.instead_of, w.stands_in as by, w.reason_sealed, w.made_by, w.made_at
from swap w join shift s on s.station_id = w.station_id and s.id = w.shift_id
where w.station_id = %(station)s and w.id = %(id)s and (%(areas)s::text[] is null or s.area_id = any (%(areas)s))

-- name: add_swap
-- Somebody stands in; nothing happens when somebody does already.
insert into swap (station_id, shift_id, day, instead_of, stands_in, reason_sealed, made_by, made_at)
values (%(station)s, %(shift)s, %(day)s, %(instead_of)s, %(by)s, %(reason_sealed)s, %(made_by)s, %(now)s)
on conflict (station_id, shift_id, day, instead_of) do nothing returning id

-- name: drop_swap
delete from swap where station_id = %(station)s and id = %(id)s

-- name: drop_duties
-- The standing duties of a station, or of one area of it, within a scope: the new ones follow in the same transaction.
delete from duty where station_id = %(station)s and (%(area)s::text is null or area_id = %(area)s)
    and (%(areas)s::text[] is null or area_id = any (%(areas)s))

-- name: drop_shifts
-- Shifts that are no more; swaps in them go with them. Those that stay keep theirs.
delete from shift where station_id = %(station)s and (%(area)s::text is null or area_id = %(area)s)
    and (%(areas)s::text[] is null or area_id = any (%(areas)s)) and id <> all (%(keep)s::text[])

-- name: footprints
-- Where each user was last within a while: asked user by user, as the index has it.
select u.username, f.at, f.lat, f.lon from user_account u cross join lateral (
    select at, lat, lon from footprint
    where station_id = u.station_id and username = u.username and at > %(since)s and at <= %(until)s
        and lat is not null and lon is not null and (%(areas)s::text[] is null or area_id = any (%(areas)s))
    order by at desc limit 1) f
where u.station_id = %(station)s

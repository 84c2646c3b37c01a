-- name: of_round
-- What every read of a round returns: its state follows from its rows and the clock, nobody has to end it.
r.id, r.route_id as route, r.area_id as area, r.name, r.points, r.username, r.began_at, r.ends_by, r.ended_at, r.ended_by,
s.looked,
case when r.ended_at is null and r.ends_by > %(now)s then 'under_way' when r.ended_at is null then 'expired'
    when s.looked >= jsonb_array_length(r.points) then 'done' else 'partial' end as state

-- name: looked
-- At how many of its points somebody looked.
cross join lateral (select count(distinct l.point) as looked from patrol_look l where l.round_id = r.id) s

-- name: all
-- The station's routes, as a site file has them.
select id, area_id as area, name, points, at, within_min, shift from patrol_route
where station_id = %(station)s order by id

-- name: list
-- Routes within a scope, and since when there has been each.
select id, area_id as area, name, points, at, within_min, shift, made_at from patrol_route
where station_id = %(station)s and (%(areas)s::text[] is null or area_id = any (%(areas)s))
    and (%(area)s::text is null or area_id = %(area)s) order by id

-- name: held
-- One route within a scope, held: two who begin at once begin one after the other.
select id, area_id as area, name, points, at, within_min, shift from patrol_route
where station_id = %(station)s and id = %(route)s and (%(areas)s::text[] is null or area_id = any (%(areas)s))
for no key update

-- name: is_route
select id from patrol_route
where station_id = %(station)s and id = %(route)s and (%(areas)s::text[] is null or area_id = any (%(areas)s))

-- name: put
-- A route that is changed was there before.
insert into patrol_route (station_id, id, area_id, name, points, at, within_min, shift)
values (%(station)s, %(id)s, %(area)s, %(name)s, %(points)s, %(at)s, %(within_min)s, %(shift)s)
on conflict (station_id, id) do update set area_id = excluded.area_id, name = excluded.name, points = excluded.points,
    at = excluded.at, within_min = excluded.within_min, shift = excluded.shift

-- name: begin
insert into patrol_round (station_id, route_id, area_id, name, points, username, began_at, ends_by)
select station_id, id, area_id, name, points, %(username)s, %(now)s, %(ends_by)s from patrol_route
where station_id = %(station)s and id = %(route)s and (%(areas)s::text[] is null or area_id = any (%(areas)s))
returning id

-- name: get
-- One round within a scope.
select {of_round} from patrol_round r {looked}
where r.station_id = %(station)s and r.id = %(id)s and (%(areas)s::text[] is null or r.area_id = any (%(areas)s))

-- name: hold
-- One round within a scope is nobody else's until the transaction ends.
select id from patrol_round
where station_id = %(station)s and id = %(id)s and (%(areas)s::text[] is null or area_id = any (%(areas)s))
for no key update

-- name: rounds
-- Rounds within a scope, of one route or of all, newest first.
select {of_round} from patrol_round r {looked}
where r.station_id = %(station)s and (%(areas)s::text[] is null or r.area_id = any (%(areas)s))
    and (%(route)s::text is null or r.route_id = %(route)s) and (%(before)s::bigint is null or r.id < %(before)s)
    and (%(since)s::timestamptz is null or r.began_at >= %(since)s)
order by r.id desc limit %(limit)s

-- name: last
-- The newest round of each route within a scope.
select distinct on (r.route_id) {of_round} from patrol_round r {looked}
where r.station_id = %(station)s and (%(areas)s::text[] is null or r.area_id = any (%(areas)s))
order by r.route_id, r.id desc

-- name: end
update patrol_round set ended_at = %(now)s, ended_by = %(username)s
where station_id = %(station)s and id = %(id)s and (%(areas)s::text[] is null or area_id = any (%(areas)s))

-- name: look
insert into patrol_look (round_id, point, username, at, client_at, client_id, seen, code, note_sealed, alert_id)
values (%(round)s, %(point)s, %(username)s, %(at)s, %(client_at)s, %(client_id)s, %(seen)s, %(code)s, %(note)s,
    %(alert)s)
returning id

-- name: known
-- A look that a phone has told before.
select id from patrol_look where round_id = %(round)s and username = %(username)s and client_id = %(client_id)s

-- name: looks
-- The looks of a round within a scope, oldest first.
select l.id, l.point, l.username, l.at, l.client_at, l.seen, l.code, l.note_sealed, l.alert_id as work_item,
    p.taken_at as picture_at
from patrol_look l join patrol_round r on r.id = l.round_id left join patrol_picture p on p.look_id = l.id
where r.station_id = %(station)s and r.id = %(id)s and (%(areas)s::text[] is null or r.area_id = any (%(areas)s))
order by l.id

-- name: hold_place
-- The area of a place, held: two who find the same there at once make one item.
select area_id from place where station_id = %(station)s and id = %(place)s for no key update

-- name: keep_picture
-- What the camera of a look's point showed.
insert into patrol_picture (look_id, device_id, taken_at, size, sha256, content)
values (%(look)s, %(device)s, %(taken_at)s, %(size)s, %(sha256)s, %(content)s)

-- name: picture
-- The picture of a look at a round within a scope, sealed.
select p.sha256, p.content
from patrol_picture p join patrol_look l on l.id = p.look_id join patrol_round r on r.id = l.round_id
where r.station_id = %(station)s and r.id = %(round)s and l.id = %(look)s
    and (%(areas)s::text[] is null or r.area_id = any (%(areas)s))

-- name: columns
-- What every read of a shelf returns, by the names of `gateway.model.quiet`.
s.id, s.station_id as station, s.rule_id as rule, s.subject, s.place_id as place, s.area_id as area, s.reason_sealed,
s.by_user as by, s.agreed_by, s.agreed_at, s.begins_at, s.ends_at, s.until_clear, s.ended_at, s.ended_by

-- name: standing
-- What is on the shelf at a moment; the road asks this for each batch that would sound.
select {columns} from shelf s
where s.station_id = %(station)s and s.ended_at is null and s.ends_at > %(now)s and s.begins_at <= %(now)s

-- name: list
-- Shelves within a scope, those that stand first, then the latest. What is the whole station's concerns everybody.
select {columns} from shelf s
left join place p on p.station_id = s.station_id and p.id = s.place_id
where s.station_id = %(station)s
    and (%(areas)s::text[] is null or coalesce(s.area_id, p.area_id) is null
        or coalesce(s.area_id, p.area_id) = any (%(areas)s))
order by (s.ended_at is null and s.ends_at > %(now)s) desc, s.id desc limit %(limit)s

-- name: get_held
-- One shelf within a scope, held until the transaction ends; whoever has areas changes nothing of the whole station's.
select {columns} from shelf s
left join place p on p.station_id = s.station_id and p.id = s.place_id
where s.station_id = %(station)s and s.id = %(id)s
    and (%(areas)s::text[] is null or coalesce(s.area_id, p.area_id) = any (%(areas)s))
for no key update of s

-- name: insert
insert into shelf (station_id, rule_id, subject, place_id, area_id, reason_sealed, by_user, begins_at, ends_at, until_clear)
values (%(station)s, %(rule)s, %(subject)s, %(place)s, %(area)s, %(reason_sealed)s, %(by)s, %(begins_at)s, %(ends_at)s,
    %(until_clear)s)
returning id

-- name: change
update shelf set agreed_by = %(agreed_by)s, agreed_at = %(agreed_at)s, ended_at = %(ended_at)s, ended_by = %(ended_by)s
where id = %(id)s

-- name: cleared
-- Shelves that wait for a condition to clear, and it has: no alert of that identity stands any more.
select {columns} from shelf s
where s.station_id = %(station)s and s.ended_at is null and s.until_clear and s.ends_at > %(now)s
    and not exists (
        select from alert a
        where a.station_id = s.station_id and a.rule_id = s.rule_id and a.subject = s.subject and a.ended_at is null
            and a.active)
for no key update of s

-- name: reach
-- The areas that a matcher reaches into: the area and those below it, those of the place and of what lies in it; and
-- whether both are known here.
with recursive below (id) as (
    select id from area where station_id = %(station)s and id = %(area)s
    union select a.id from area a join below on a.parent = below.id where a.station_id = %(station)s
), lies (id, area_id) as (
    select id, area_id from place where station_id = %(station)s and id = %(place)s
    union select p.id, p.area_id from place p join lies on p.parent = lies.id where p.station_id = %(station)s
)
select array(select id from below), array(select distinct area_id from lies)

-- name: inside
-- What lies in a matcher's area and place, themselves included.
below (id) as (
    select %(area)s::text
    union select a.id from area a join below on a.parent = below.id where a.station_id = %(station)s
), lies (id) as (
    select %(place)s::text
    union select p.id from place p join lies on p.parent = lies.id where p.station_id = %(station)s
)

-- name: fits
-- An alert that a matcher fits, given what is `inside`.
(%(rule)s::text is null or a.rule_id = %(rule)s)
    and (%(subject)s::text is null or a.subject = %(subject)s)
    and (%(place)s::text is null or a.place_id in (select id from lies))
    and (%(area)s::text is null or a.area_id in (select id from below))

-- name: counts
-- How many alerts within a scope a matcher would hide: those open now, and those that were heard since a moment; P1 apart.
with recursive {inside}
select count(*) filter (where a.ended_at is null and a.priority <> 'P1') as open,
    count(*) filter (where h.lately and a.priority <> 'P1') as recent,
    count(*) filter (where a.ended_at is null and a.priority = 'P1') as open_p1,
    count(*) filter (where h.lately and a.priority = 'P1') as recent_p1
from alert a cross join lateral (select exists (
    select from sounding s where s.alert_id = a.id and s.reason is null and s.at >= %(since)s)) h (lately)
where a.station_id = %(station)s and a.stream = 'alert' and (a.ended_at is null or a.raised_at >= %(since)s)
    and (%(areas)s::text[] is null or a.area_id = any (%(areas)s))
    and {fits}

-- name: cover
-- Show on the open alerts that a matcher fits until when they are shelved; null: not any more.
with recursive {inside}, fitting as (
    select a.id from alert a
    where a.station_id = %(station)s and a.stream = 'alert' and a.ended_at is null
        and (%(with_p1)s or a.priority <> 'P1')
        and {fits}
    order by a.id for no key update
)
update alert a set shelved_until = case
        when %(until)s::timestamptz is null then null else greatest(a.shelved_until, %(until)s) end,
    version = version + 1
from fitting f where a.id = f.id
    and a.shelved_until is distinct from case
        when %(until)s::timestamptz is null then null else greatest(a.shelved_until, %(until)s) end
returning a.id

-- name: reasons
-- Why these were shelved, sealed, with what that is sealed about.
select id, by_user, begins_at, reason_sealed from shelf where station_id = %(station)s and id = any (%(ids)s)

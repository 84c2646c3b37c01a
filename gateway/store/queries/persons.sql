-- name: columns
-- What every read of a person returns, by the names of `gateway.store.persons.Row`.
n.id, n.place_id as place, p.area_id as area, n.care, n.sealed, n.erased_at is not null as erased,
(select c.state from consent c where c.station_id = n.station_id and c.person_id = n.id
    and c.purpose = 'care_monitoring' order by c.id desc limit 1) as consent

-- name: list
-- Persons within a scope, by id, after one; those who are erased are not among them.
select {columns} from person n join place p on p.station_id = n.station_id and p.id = n.place_id
where n.station_id = %(station)s and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))
    and n.erased_at is null
    and (%(area)s::text is null or p.area_id = %(area)s)
    and (%(place)s::text is null or n.place_id = %(place)s or p.parent = %(place)s)
    and (%(care)s::text is null or coalesce(n.care -> %(care)s, 'null') not in ('null', 'false'))
    and (%(name_index)s::bytea is null or n.name_index = %(name_index)s)
    and (%(phone_index)s::bytea is null or n.phone_index = %(phone_index)s)
    and (%(after)s::text is null or n.id > %(after)s)
order by n.id limit %(limit)s

-- name: get
-- One person within a scope.
select {columns} from person n join place p on p.station_id = n.station_id and p.id = n.place_id
where n.station_id = %(station)s and n.id = %(person)s and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))

-- name: get_held
-- One person within a scope, held until the transaction ends.
select {columns} from person n join place p on p.station_id = n.station_id and p.id = n.place_id
where n.station_id = %(station)s and n.id = %(person)s and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))
for no key update of n

-- name: insert
-- A new person at a place within a scope; nothing when the id is taken or the place is not there.
insert into person (station_id, id, place_id, care, sealed, name_index, phone_index)
select p.station_id, %(person)s, p.id, %(care)s, %(sealed)s, %(name_index)s, %(phone_index)s
from place p where p.station_id = %(station)s and p.id = %(place)s
    and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))
on conflict (station_id, id) do nothing

-- name: update
-- Change a person whom somebody holds within a scope; the place they move to lies within it too.
update person n set place_id = p.id, care = %(care)s, sealed = %(sealed)s, name_index = %(name_index)s,
    phone_index = %(phone_index)s
from place p where n.station_id = %(station)s and n.id = %(person)s
    and p.station_id = n.station_id and p.id = %(place)s and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))

-- name: erase
-- Nothing personal of a person within a scope is left but their id and place, which history needs.
update person n set name = null, sealed = null, name_index = null, phone_index = null, care = '{}', erased_at = %(now)s
from place p where n.station_id = %(station)s and n.id = %(person)s and n.erased_at is null
    and p.station_id = n.station_id and p.id = n.place_id and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))

-- name: import
-- Whoever is registered as away stays so unless the file itself says something of it; consent that was withdrawn stays
-- withdrawn until it is given again; whoever was erased stays erased.
insert into person (station_id, id, place_id, care, sealed, name_index, phone_index)
values (%(station)s, %(person)s, %(place)s, %(care)s, %(sealed)s, %(name_index)s, %(phone_index)s)
on conflict (station_id, id) do update set name = null, place_id = excluded.place_id, sealed = excluded.sealed,
    name_index = excluded.name_index, phone_index = excluded.phone_index,
    care = jsonb_strip_nulls(jsonb_build_object('away_until', person.care -> 'away_until') || excluded.care
        || jsonb_build_object('consent', person.care -> 'consent'))
where person.erased_at is null

-- name: of_station
-- Everybody who is not erased, for the registry's own file.
select id, place_id, care - 'consent', sealed from person where station_id = %(station)s and erased_at is null order by id

-- name: in_the_clear
-- Persons whose name an older version left readable.
select station_id, id, name from person where name is not null for update

-- name: seal
update person set name = null, sealed = coalesce(sealed, %(sealed)s), name_index = coalesce(name_index, %(name_index)s)
where station_id = %(station)s and id = %(person)s

-- name: consents
-- The register of one person within a scope, newest first.
select c.id, c.purpose, c.state, c.said_by, c.since, c.at, c.recorded_by, c.note_sealed
from consent c join person n on n.station_id = c.station_id and n.id = c.person_id
join place p on p.station_id = n.station_id and p.id = n.place_id
where c.station_id = %(station)s and c.person_id = %(person)s
    and (%(areas)s::text[] is null or p.area_id = any (%(areas)s))
order by c.id desc

-- name: last_consent
-- What holds of one person and purpose.
select state, since from consent
where station_id = %(station)s and person_id = %(person)s and purpose = %(purpose)s order by id desc limit 1

-- name: last_consents
-- What holds of each person of a station for one purpose.
select distinct on (person_id) person_id, state, since from consent
where station_id = %(station)s and purpose = %(purpose)s order by person_id, id desc

-- name: add_consent
insert into consent (station_id, person_id, purpose, state, said_by, since, at, recorded_by, note_sealed)
values (%(station)s, %(person)s, %(purpose)s, %(state)s, %(said_by)s, coalesce(%(since)s, now()), coalesce(%(at)s, now()),
    %(by)s, %(note_sealed)s)

-- name: forget_notes
-- What was written beside a person's consent goes with the person.
update consent set note_sealed = null where station_id = %(station)s and person_id = %(person)s and note_sealed is not null

-- name: unrecorded
-- Persons who are watched over and of whom the register says nothing.
select n.station_id, n.id from person n where (n.care ->> 'lives_alone')::boolean and n.erased_at is null
    and not exists (select from consent c where c.station_id = n.station_id and c.person_id = n.id
        and c.purpose = 'care_monitoring')

-- name: presumed
-- How many are watched over because the station's file took their consent as given.
select count(*) from person n join lateral (select c.said_by, c.state from consent c where c.station_id = n.station_id
    and c.person_id = n.id and c.purpose = 'care_monitoring' order by c.id desc limit 1) c on true
where n.station_id = %(station)s and n.erased_at is null and c.state = 'given' and c.said_by = 'site_file'

-- name: standing
-- What still stands of these rules about somebody who may not be watched over, or at their home when nobody else there is.
select distinct a.rule_id, a.subject, a.priority, a.stream
from alert a join person n on n.station_id = a.station_id
    and (n.id = a.person_id or a.person_id is null and n.place_id = a.place_id)
where a.station_id = %(station)s and a.ended_at is null and a.active and a.rule_id = any (%(rules)s)
    and (n.erased_at is not null or n.care -> 'consent' = 'false')
    and (a.person_id is not null or not exists (select from person o where o.station_id = n.station_id
        and o.place_id = n.place_id and o.erased_at is null and (o.care ->> 'lives_alone')::boolean
        and coalesce(o.care -> 'consent', 'true') <> 'false'))

-- name: set_monitored
-- Whether rules may watch over a person; what stands when they may needs no word.
update person set care = case when %(may)s then care - 'consent' else care || '{"consent": false}' end
where station_id = %(station)s and id = %(person)s and erased_at is null

-- name: below
-- Every area of the station with the beat it lies in, itself when it is one.
below (id, beat) as (
    select a.id, case when a.kind = 'beat' then a.id end from area a
    where a.station_id = %(station)s and a.parent is null
    union all
    select a.id, case when a.kind = 'beat' then a.id else b.beat end from area a join below b on a.parent = b.id
    where a.station_id = %(station)s
)

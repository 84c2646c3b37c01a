-- name: below
-- Every area of the station with the beat it lies in, itself when it is one.
below (id, beat) as (
    select a.id, case when a.kind = 'beat' then a.id end from area a
    where a.station_id = %(station)s and a.parent is null
    union all
    select a.id, case when a.kind = 'beat' then a.id else b.beat end from area a join below b on a.parent = b.id
    where a.station_id = %(station)s
)

-- name: ways
-- The ways to reach the user u, as `gateway.model.contact.Contact` reads them; an account that is disabled has none.
coalesce((
    select jsonb_agg(jsonb_build_object('id', c.id, 'channel', c.channel) order by c.id)
    from contact c where c.station_id = u.station_id and c.username = u.username and c.state = 'active'
        and u.disabled_at is null), '[]')

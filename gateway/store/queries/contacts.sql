-- name: put
-- A way to reach a user; one that was retired is taken up again.
insert into contact (station_id, username, channel, address_sealed, address_index, label)
values (%(station)s, %(username)s, %(channel)s, %(sealed)s, %(index)s, %(label)s)
on conflict (station_id, username, channel, address_index) do update set state = 'active', retired_why = null
returning id

-- name: retire_others
update contact set state = 'retired', retired_why = 'replaced by the site file'
where station_id = %(station)s and username = %(username)s and channel = %(channel)s and id <> %(keep)s
    and state = 'active'

-- name: of_user
-- The ways to a user within reach, those that were retired last.
select c.id, c.channel, c.label, c.state, c.retired_why, c.added_at, c.tested_at, c.reached_at, c.address_sealed
from contact c join user_account u on u.username = c.username
where c.station_id = %(station)s and c.username = %(username)s
    and (%(areas)s::text[] is null or u.areas && %(areas)s::text[] or c.username = %(me)s)
order by c.state, c.id

-- name: active_of
-- The ways to a user; an account that is disabled has none.
select c.id, c.channel from contact c join user_account u on u.username = c.username
where c.station_id = %(station)s and c.username = %(username)s and c.state = 'active' and u.disabled_at is null
order by c.id

-- name: get
-- One active way to a user of the station.
select id, channel from contact
where station_id = %(station)s and username = %(username)s and id = %(id)s and state = 'active'

-- name: of_address
select id from contact
where station_id = %(station)s and username = %(username)s and channel = %(channel)s and address_index = %(index)s
    and state = 'active'

-- name: knows_user
-- Whether there is such a user within reach.
select exists (select from user_account u where u.station_id = %(station)s and u.username = %(username)s
    and (%(areas)s::text[] is null or u.areas && %(areas)s::text[] or u.username = %(me)s))

-- name: relabel
update contact set label = %(label)s where id = %(id)s

-- name: retire
-- Let go of a way to a user, with the reason; only the first who says so does.
update contact set state = 'retired', retired_why = %(why)s
where station_id = %(station)s and id = %(id)s and state = 'active' returning username, channel

-- name: tested
update contact set tested_at = %(now)s where id = %(id)s

-- name: channels
-- The channels that somebody at the station has a contact on.
select distinct c.channel from contact c join user_account u on u.username = c.username
where c.station_id = %(station)s and c.state = 'active' and u.disabled_at is null

-- name: reach
-- Each active way to these users: when it was last reached, and whether a message was lately taken there by a provider
-- that tells no more of it.
select c.username, c.id, c.channel, c.label, c.tested_at, c.reached_at,
    exists (
        select from notification n
        where n.contact_id = c.id and n.state in ('accepted', 'acknowledged') and n.accepted_at > %(since)s
            and n.receipt_by is null and n.fell_back_at is null) as unconfirmed
from contact c
where c.station_id = %(station)s and c.username = any (%(usernames)s) and c.state = 'active' order by c.username, c.id

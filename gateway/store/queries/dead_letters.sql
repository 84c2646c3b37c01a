-- name: hold
-- One dead letter, held until the transaction ends.
select topic, reason, payload, size, length(payload) as kept, replayed_at, replayed_by from dead_letter
where station_id = %(station)s and id = %(id)s for no key update

-- name: mark
update dead_letter set replayed_at = %(now)s, replayed_by = %(by)s where id = %(id)s

-- name: replay
-- Put every standing letter of a reason into the inbox, the oldest first, at most so many; only those kept whole.
with chosen as (
    select id from dead_letter
    where station_id = %(station)s and reason = %(reason)s and replayed_at is null and size = length(payload)
    order by id limit %(limit)s for no key update skip locked
), marked as (
    update dead_letter d set replayed_at = %(now)s, replayed_by = %(by)s from chosen c where d.id = c.id
    returning d.id, d.topic, d.payload
)
insert into inbox (station_id, topic, payload, received_at)
select %(station)s, topic, payload, %(now)s from marked order by id

-- name: standing
-- Of a reason: how many stand and can be sent on their way again, and how many are not kept whole.
select count(*) filter (where size = length(payload)), count(*) filter (where size <> length(payload))
from dead_letter where station_id = %(station)s and reason = %(reason)s and replayed_at is null

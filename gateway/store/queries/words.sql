-- name: shelves
-- Reasons of shelves that an older version left readable, held.
select id, station_id, by_user, begins_at, reason from shelf where reason is not null for update

-- name: seal_shelf
update shelf set reason = null, reason_sealed = %(sealed)s where id = %(id)s

-- name: swaps
-- Reasons of swaps that an older version left readable, held.
select id, station_id, shift_id, day, instead_of, reason from swap where reason is not null for update

-- name: seal_swap
update swap set reason = null, reason_sealed = %(sealed)s where id = %(id)s

-- name: lines
-- Lines of the trail in which the reason of a shelf or a swap stands in the clear.
select id, station_id, act, object, detail ->> 'reason' from audit
where act in ('shelf.made', 'shelf.agreed', 'shelf.ended', 'duty.swap', 'duty.unswap') and said_sealed is null
    and detail ? 'reason'

-- name: seal_line
update audit set detail = detail - 'reason', said_sealed = %(sealed)s where id = %(id)s

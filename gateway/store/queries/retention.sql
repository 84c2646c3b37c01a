-- name: retire_incidents
-- Cases that have been over for long, with all that is theirs; never more than so many at once.
select retire_incidents(%(station)s, %(older)s, %(lesser)s, %(now)s, %(most)s)

-- name: retire_alerts
-- Alerts that ended long ago and were nobody's case.
select retire_alerts(%(station)s, %(older)s, %(lesser)s, %(now)s, %(most)s)

-- name: retire_bulletins
-- Bulletins that ended long ago.
select retire_bulletins(%(station)s, %(older)s, %(now)s)

-- name: retire_rounds
-- Rounds of online patrol that were over long ago.
select retire_rounds(%(station)s, %(older)s, %(now)s)

-- name: retire_audit
select retire_audit(%(station)s, %(older)s, %(now)s)

-- name: retire_consent
-- What was agreed by people of whom there has been no record for long.
select retire_consent(%(station)s, %(older)s, %(now)s)

-- name: retire_media
-- Pictures that no alert names, or whose alerts have gone.
select retire_media(%(station)s, %(older)s, %(now)s, %(most)s)

-- name: looked
-- What stays and why, what is within its time, and what goes; how many, and from when the oldest.
select k.is_lesser,
    case
        when is_past(k.since, k.is_lesser, %(older)s, %(lesser)s)
            then coalesce(why_kept(k.stays, k.until, %(now)s), 'goes')
        else 'young'
    end as standing,
    count(*), min(k.since)

-- name: look_incidents
{looked} from kept_incident k where k.station_id = %(station)s group by 1, 2

-- name: look_alerts
{looked} from kept_alert k where k.station_id = %(station)s group by 1, 2

-- name: look_bulletins
{looked} from kept_bulletin k where k.station_id = %(station)s group by 1, 2

-- name: look_rounds
{looked} from kept_round k where k.station_id = %(station)s group by 1, 2

-- name: look_media
{looked} from kept_media k where k.station_id = %(station)s group by 1, 2

-- name: look_audit
{looked} from kept_audit k where k.station_id = %(station)s or k.station_id is null group by 1, 2

-- name: look_consent
{looked} from kept_consent k where k.station_id = %(station)s group by 1, 2

-- name: only_read
-- For the rest of the transaction.
set transaction read only

-- name: turn
-- The gateway has looked.
insert into retention_turn (station_id, looked_at) values (%(station)s, %(now)s)
on conflict (station_id) do update set looked_at = excluded.looked_at

-- name: last_turn
select looked_at from retention_turn where station_id = %(station)s

-- name: say
-- Into the trail: how many went.
select say_retired(%(station)s, %(now)s, %(what)s, %(count)s, %(older)s)

-- name: notifications_after
-- Messages put into the outbox for people, after one.
select id, created_at as at, channel, coalesce(username, recipient) as recipient, incident_id as incident, alert_id as alert, priority,
    coalesce((body->>'rung')::int, 0) as rung, coalesce((body->>'drill')::boolean, false) as drill
from notification where station_id = %(station)s and id > %(after)s and channel <> 'command_room' order by id

-- name: climbs_after
-- Rungs that were climbed, after one.
select s.id, s.at, s.incident_id as incident, (s.detail->>'rung')::int as rung, s.detail->'told' as told
from incident_step s join incident i on i.id = s.incident_id
where i.station_id = %(station)s and s.id > %(after)s and s.act = 'escalated' order by s.id

-- name: next_rung
-- When the next rung is due.
select min(r.due_at) from rung r join incident i on i.id = r.incident_id
where i.station_id = %(station)s and r.state = 'waiting'

-- name: anything_quiet
-- Whether anything is quiet that may be heard when its reason is over, or stands that ends as time passes.
select exists (select from flood where station_id = %(station)s and ended_at is null)
    or exists (select from digest where station_id = %(station)s and closed_at is null)
    or exists (select from flapping where station_id = %(station)s and since is not null)
    or exists (select from shelf where station_id = %(station)s and ended_at is null and until_clear and ends_at > %(now)s)
    or exists (select from alert where station_id = %(station)s and ended_at is null and active and stream = 'alert'
        and suppressed_by is not null and acknowledged_at is null and suppressed_by not in ('flood', 'history'))

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

-- name: next_sounding
-- The number of an incident's next sounding: each starts a ladder or rings its first rung again.
select coalesce(max(sounding), 0) + 1 from rung where incident_id = %(incident)s

-- name: plan
insert into rung (incident_id, sounding, number, kind, due_at, recipients, state)
values (%(incident)s, %(sounding)s, %(number)s, %(kind)s, %(due_at)s, %(recipients)s, %(state)s) on conflict do nothing

-- name: waits
-- Whether a ladder of this incident is being climbed.
select exists (select from rung where incident_id = %(incident)s and state = 'waiting')

-- name: calls_wait
-- Whether a rung of this incident is still to call somebody.
select exists (select from rung where incident_id = %(incident)s and state = 'waiting' and kind = 'call')

-- name: told
-- Who was told of an incident on any way.
select distinct username from notification where incident_id = %(incident)s and username is not null

-- name: due
-- Rungs whose moment has come, held until the transaction ends; the most urgent incident first.
select r.incident_id, r.sounding, r.number, r.kind, r.recipients from rung r join incident i on i.id = r.incident_id
where r.state = 'waiting' and r.due_at <= %(now)s and i.station_id = %(station)s
order by i.priority, r.due_at limit 50 for update of r skip locked

-- name: end
update rung set state = %(state)s
where incident_id = %(incident)s and sounding = %(sounding)s and number = %(number)s

-- name: hasten
-- The next rung is climbed now: those called cannot come or cannot be reached.
update rung set due_at = %(now)s
where state = 'waiting' and due_at > %(now)s and (incident_id, sounding, number) = (
    select r.incident_id, r.sounding, r.number from rung r
    where r.incident_id = %(incident)s and r.state = 'waiting' order by r.due_at, r.number limit 1)

-- name: expired
-- Incidents that nobody has signed though their latest ladder has ended.
select i.id, i.priority, i.area_id as area, i.place_id as place from incident i
where i.station_id = %(station)s and i.state in ('new', 'acknowledged', 'dispatched', 'reopened')
    and 'climbed' = (select r.state from rung r where r.incident_id = i.id and r.kind = 'expiry'
        order by r.sounding desc limit 1)

-- name: stalled
-- Urgent incidents that nobody has signed whose next rung should have been climbed long ago, or is not there; or whose
-- latest ladder began in the future: the clock was put back, and its rungs are as much too late.
select i.id from incident i
where i.station_id = %(station)s and i.state in ('new', 'acknowledged', 'dispatched', 'reopened')
    and i.priority = any (%(priorities)s)
    and (i.changed_at < %(before)s and (
            exists (select from rung r where r.incident_id = i.id and r.state = 'waiting' and r.due_at < %(before)s)
            or not exists (select from rung r where r.incident_id = i.id and r.state = 'waiting')
                and jsonb_array_length(i.ladder) > (
                    select count(distinct r.number) from rung r where r.incident_id = i.id and r.state = 'climbed'))
        or exists (select from rung r where r.incident_id = i.id and r.state = 'waiting')
            and %(ahead)s < (
                select r.due_at from rung r where r.incident_id = i.id and r.number = 0 order by r.sounding desc limit 1))

-- name: stop
-- What waits of a ladder is not climbed.
update rung set state = 'stopped' where incident_id = %(incident)s and state = 'waiting'

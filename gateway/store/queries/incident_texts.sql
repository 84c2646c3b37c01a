-- name: put
-- What somebody wrote, sealed, to a line of the timeline.
insert into incident_text (station_id, incident_id, step_id, what, sealed)
values (%(station)s, %(incident)s, %(step)s, %(what)s, %(sealed)s)

-- name: of_incident
select step_id, what, sealed from incident_text where incident_id = %(incident)s order by id

-- name: hold_client
-- The same thing said twice at once is said one after the other.
select pg_advisory_xact_lock(hashtextextended(%(username)s || '/' || %(client)s, 0))

-- name: incident_of_client
-- Where a phone's own id stands already.
select incident_id, act from incident_step where actor = %(username)s and client_id = %(client)s

-- name: attach
insert into attachment (incident_id, step_id, at, username, content_type, sha256, size, content)
values (%(incident)s, %(step)s, %(at)s, %(username)s, %(content_type)s, %(sha256)s, %(size)s, %(content)s)
returning id

-- name: attachments
-- What hangs on an incident, without its content, oldest first.
select id, at, username as "user", content_type, sha256, size from attachment
where incident_id = %(incident)s order by id

-- name: attachment
-- One picture or voice note of an incident, sealed. The incident itself has been looked up within the scope.
select content_type, sha256, content from attachment where incident_id = %(incident)s and id = %(id)s

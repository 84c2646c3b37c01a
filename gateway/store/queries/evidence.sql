-- name: lock
-- One appends at a time.
select pg_advisory_xact_lock(hashtextextended('anxin evidence ' || %(station)s, 0))

-- name: tail
select seq, link, at from evidence where station_id = %(station)s order by seq desc limit 1

-- name: append
insert into evidence (station_id, seq, record, link, at) values (%(station)s, %(seq)s, %(record)s, %(link)s, %(at)s)

-- name: keep
insert into evidence_content (station_id, seq, name, sealed, attachment_id, media_id, gone_at)
values (%(station)s, %(seq)s, %(name)s, %(sealed)s, %(attachment)s, %(media)s, %(gone_at)s)

-- name: cursor
select change_id from evidence_cursor where station_id = %(station)s

-- name: move_cursor
insert into evidence_cursor (station_id, change_id, moved_at) values (%(station)s, %(change)s, %(now)s)
on conflict (station_id) do update set change_id = excluded.change_id, moved_at = excluded.moved_at

-- name: note_events
-- Which of these events no record of the alert speaks for yet; from now on one does.
insert into evidence_event (alert_id, reference) select %(alert)s, unnest(%(references)s::text[])
on conflict do nothing returning reference

-- name: steps_to_freeze
-- Lines of a timeline that no record speaks for yet, oldest first.
select id, at, client_at, actor, act, from_state, to_state, reason, detail, version, client_id from incident_step
where incident_id = %(incident)s and id not in (
    select (e.record::jsonb #>> '{what,step}')::bigint from evidence e
    where e.incident_id = %(incident)s and e.kind = 'step')
order by id

-- name: attached
-- What hangs on a line of the timeline.
select id, content_type, sha256, content from attachment where incident_id = %(incident)s and step_id = %(step)s
order by id

-- name: newly_gone
-- What was let go of and no record says so yet.
select seq, name, gone_at from evidence_content
where station_id = %(station)s and gone_at is not null and gone_seq is null
order by seq, name limit %(limit)s

-- name: say_gone
update evidence_content c set gone_seq = %(gone_seq)s
from unnest(%(seqs)s::bigint[], %(names)s::text[]) as told (seq, name)
where c.station_id = %(station)s and c.seq = told.seq and c.name = told.name

-- name: of_incident
-- The records of an incident, of what was merged into it within a scope of areas, and of their alerts.
with recursive whole (id) as (
    select %(incident)s::bigint
    union
    select i.id from incident i join whole on i.merged_into = whole.id
    where i.station_id = %(station)s and (%(areas)s::text[] is null or i.area_id = any (%(areas)s)))
select seq, record, link from evidence e
where e.station_id = %(station)s and (e.incident_id in (select id from whole)
    or e.alert_id in (select l.alert_id from incident_alert l join whole on whole.id = l.incident_id))
order by seq

-- name: contents
-- What these records speak for, sealed; of pictures that cameras took, which.
select c.seq, c.name, c.sealed, c.attachment_id, a.content as attached, a.sha256, a.incident_id, c.media_id, c.gone_at,
    c.gone_seq
from evidence_content c left join attachment a on a.id = c.attachment_id
where c.station_id = %(station)s and c.seq = any (%(seqs)s)
    and (%(name)s::text is null or c.name = %(name)s) order by c.seq, c.name

-- name: gone
-- What of these records was let go of.
select seq, name from evidence_content
where station_id = %(station)s and seq = any (%(seqs)s) and gone_at is not null

-- name: span
-- Records from one to another with their links, in order.
select seq, record, link from evidence
where station_id = %(station)s and seq between %(first)s and %(last)s order by seq

-- name: link_at
select link from evidence where station_id = %(station)s and seq = %(seq)s

-- name: put_head
insert into evidence_head (station_id, seq, link, at, signer, signature)
values (%(station)s, %(seq)s, %(link)s, %(at)s, %(signer)s, %(signature)s)
on conflict do nothing

-- name: heads
-- Signed heads from one record to another, in order.
select station_id as station, seq, link, at, signer, signature from evidence_head
where station_id = %(station)s and seq between %(first)s and %(last)s order by seq

-- name: next_head
-- The first head that holds a record.
select station_id as station, seq, link, at, signer, signature from evidence_head
where station_id = %(station)s and seq >= %(seq)s and signer = %(signer)s order by seq limit 1

-- name: last_head
-- The last signed head, of any signer or of one.
select station_id as station, seq, link, at, signer, signature from evidence_head
where station_id = %(station)s and (%(signer)s::text is null or signer = %(signer)s)
order by seq desc, at desc limit 1

-- name: hold
insert into evidence_hold (incident_id, at, username, reason_sealed)
values (%(incident)s, %(at)s, %(username)s, %(reason_sealed)s) on conflict do nothing

-- name: release
delete from evidence_hold where incident_id = %(incident)s

-- name: held
select 1 from evidence_hold where incident_id = %(incident)s

-- name: waiting
-- How many changes wait, and since when: since the cursor last moved, or the oldest was made.
select count(*), greatest(min(c.at), (select moved_at from evidence_cursor where station_id = %(station)s))
from change c
where c.station_id = %(station)s
    and c.id > coalesce((select change_id from evidence_cursor where station_id = %(station)s), 0)

-- name: made_at
select at from evidence where station_id = %(station)s and seq = %(seq)s

-- name: alert_stands
-- Whether an alert is still kept; it stays until the transaction ends.
select 1 from alert where id = %(alert)s for key share

-- name: passed_over
-- How many records since a moment say that something could not be frozen.
select count(*) from evidence
where station_id = %(station)s and kind in ('gap', 'unfrozen') and at >= %(since)s

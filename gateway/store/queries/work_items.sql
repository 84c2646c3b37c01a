-- name: finish
-- What was done about a work item within a scope.
insert into work_item_done (alert_id, at, username, text_sealed)
select a.id, %(now)s, %(username)s, %(text)s from alert a
where a.station_id = %(station)s and a.id = %(id)s and (%(areas)s::text[] is null or a.area_id = any (%(areas)s))

-- name: done
select d.at, d.username, d.text_sealed from work_item_done d join alert a on a.id = d.alert_id
where a.station_id = %(station)s and a.id = %(id)s and (%(areas)s::text[] is null or a.area_id = any (%(areas)s))

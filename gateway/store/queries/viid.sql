-- The county's image database: pictures of alerts that are to go there, and what it subscribed to.

-- name: begin
-- A link that is new begins with what happens from now on.
insert into county_link (station_id, name, kind, change_id, server, device_code, state, status, why, changed_at, seen_at,
    began_at)
values (%(station)s, %(name)s, 'gat1400', 0, %(server)s, %(device_code)s, 'off', 0, '', %(now)s, %(now)s, %(now)s)
on conflict (station_id, name) do update set server = excluded.server, device_code = excluded.device_code,
    seen_at = excluded.seen_at, kind = excluded.kind, began_at = coalesce(county_link.began_at, excluded.began_at)
returning began_at

-- name: pictures
-- Still pictures of alerts that the county hears of and that no message of this prefix carries yet. As alarms are heard:
-- what sounded, is not kept quiet and was not taken back; but a picture may come when the alert is over.
select m.id as media, m.sha256, m.taken_by, m.from_at, a.id as alert, a.rule_id as rule, a.priority,
    a.place_id as place, a.title, a.drill
from media m
join evidence_media e on e.media_id = m.id
join alert a on a.id = e.alert_id
where m.station_id = %(station)s and m.role = 'snapshot' and m.received_at >= %(since)s
    and a.stream = 'alert' and a.sounded > 0 and a.suppressed_by is null and not a.retracted
    and (%(drills)s or not a.drill) and a.rule_id = any (%(rules)s)
    and coalesce(a.last_sounded_at, a.raised_at) >= %(since)s
    and not exists (select from notification n where n.key = %(prefix)s || m.id)
order by m.id, a.id limit %(limit)s

-- name: subscriptions
-- What a link's platform subscribed to, also what begins later.
select id, title, details, receive, begins_at as begin, ends_at as end, interval_s
from viid_subscription where station_id = %(station)s and link = %(link)s and ends_at > %(now)s order by id

-- name: keep
insert into viid_subscription (station_id, link, id, title, details, receive, begins_at, ends_at, interval_s, made_at)
values (%(station)s, %(link)s, %(id)s, %(title)s, %(details)s, %(receive)s, %(begin)s, %(end)s, %(interval_s)s, %(now)s)
on conflict (station_id, link, id) do update set title = excluded.title, details = excluded.details,
    receive = excluded.receive, begins_at = excluded.begins_at, ends_at = excluded.ends_at,
    interval_s = excluded.interval_s

-- name: drop
-- One ends, and what has ended by itself goes with it.
delete from viid_subscription where station_id = %(station)s and link = %(link)s and (id = %(id)s or ends_at <= %(now)s)

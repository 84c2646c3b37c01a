-- name: columns
-- What every read of a bulletin returns, by the names of `gateway.model.bulletin`.
b.id, b.station_id as station, b.kind, b.title, b.text, b.areas, b.media, b.enterprises, b.incident_id as incident, b.urgent,
b.starts_at, b.ends_at, b.made_by, b.made_at, b.withdrawn_by, b.withdrawn_at, b.spread_to, b.spread_at

-- name: insert
insert into bulletin (station_id, kind, title, text, areas, media, enterprises, incident_id, urgent, starts_at, ends_at,
    made_by, made_at, client_id)
values (%(station)s, %(kind)s, %(title)s, %(text)s, %(areas)s, %(media)s, %(enterprises)s, %(incident)s, %(urgent)s,
    %(starts_at)s, %(ends_at)s, %(by)s, %(now)s, %(client_id)s)
returning id

-- name: of_client
-- The bulletin that somebody has asked for by this name, for scopes that see it anyhow: their own.
select {columns} from bulletin b
where b.station_id = %(station)s and b.made_by = %(by)s and b.client_id = %(client_id)s

-- name: hold_client
-- Whoever asks twice at once waits for the first.
select pg_advisory_xact_lock(hashtextextended('bulletin ' || %(station)s || ' ' || %(by)s || ' ' || %(client_id)s, 0))

-- name: doubt_displays
-- What the broker keeps for screens may be another than it was told: all are told again.
update display set told_at = '-infinity' where station_id = %(station)s

-- name: list
-- Bulletins that concern a scope, newest first: for its areas, for those above them, for the whole station.
with recursive above (id) as (
    select unnest(%(areas)s::text[])
    union select a.parent from area a join above on a.id = above.id
        where a.station_id = %(station)s and a.parent is not null
)
select {columns} from bulletin b
where b.station_id = %(station)s
    and (%(areas)s::text[] is null or b.areas is null or b.areas && array(select id from above))
    and (%(after)s::bigint is null or b.id < %(after)s)
    and (%(over)s or b.withdrawn_at is null and b.ends_at > %(now)s)
order by b.id desc limit %(limit)s

-- name: get
-- One bulletin that concerns a scope.
with recursive above (id) as (
    select unnest(%(areas)s::text[])
    union select a.parent from area a join above on a.id = above.id
        where a.station_id = %(station)s and a.parent is not null
)
select {columns} from bulletin b
where b.station_id = %(station)s and b.id = %(id)s
    and (%(areas)s::text[] is null or b.areas is null or b.areas && array(select id from above))

-- name: get_held
-- One bulletin that somebody of this scope may withdraw: all its areas are theirs. Held until the transaction ends.
select {columns} from bulletin b
where b.station_id = %(station)s and b.id = %(id)s
    and (%(areas)s::text[] is null or b.areas is not null and b.areas <@ %(areas)s::text[])
for no key update of b

-- name: withdraw
update bulletin set withdrawn_by = %(by)s, withdrawn_at = %(now)s where id = %(id)s

-- name: stop_messages
-- What has not gone out of a bulletin does not go out any more.
update notification set state = 'stopped', receipt_by = null where bulletin_id = %(id)s and state = 'queued'

-- name: unknown_areas
-- Of these areas those that are not within a scope.
select wanted.id from unnest(%(wanted)s::text[]) as wanted (id)
where not exists (
    select from area a where a.station_id = %(station)s and a.id = wanted.id
        and (%(areas)s::text[] is null or a.id = any (%(areas)s)))

-- name: reached
-- Areas and what lies below them; null: all there are.
with recursive below (id) as (
    select a.id from area a where a.station_id = %(station)s
        and (%(wanted)s::text[] is null or a.id = any (%(wanted)s))
    union select a.id from area a join below on a.parent = below.id where a.station_id = %(station)s
)
select coalesce(array_agg(id), '{}') from below

-- name: screens
-- Screens in these areas, by what they are: screens or tvs.
select case coalesce(d.attributes ->> 'shows', '') when 'tv' then 'tvs' else 'screens' end as medium, count(*)
from device d join place p on p.station_id = d.station_id and p.id = d.place_id
where d.station_id = %(station)s and d.kind = 'screen' and p.area_id = any (%(reached)s)
    and coalesce(d.attributes ->> 'shows', '') <> 'nothing'
group by 1

-- name: residents
-- Residents of these areas who can be sent a text and agreed to it, by id, after one.
select n.id from person n join place p on p.station_id = n.station_id and p.id = n.place_id
where n.station_id = %(station)s and p.area_id = any (%(reached)s) and n.erased_at is null and n.phone_index is not null
    and n.id > %(after)s
    and (select c.state from consent c where c.station_id = n.station_id and c.person_id = n.id and c.purpose = 'bulletins'
        order by c.id desc limit 1) = 'given'
order by n.id limit %(limit)s

-- name: colleagues
-- Users whose areas these are, or who are on duty for them, with the ways to reach them.
with recursive above (id) as (
    select unnest(%(reached)s::text[])
    union select a.parent from area a join above on a.id = above.id
        where a.station_id = %(station)s and a.parent is not null
)
select u.username, u.role, {ways} as contacts
from user_account u
where u.station_id = %(station)s and u.disabled_at is null and (
    u.areas && array(select id from above)
    or exists (select from duty d where d.station_id = u.station_id and d.area_id in (select id from above)
        and u.username in (d.officer, d.deputy))
    or exists (select from shift s where s.station_id = u.station_id and s.area_id in (select id from above)
        and s.duty_as in ('officer', 'deputy') and u.username = any (s.people)))
order by u.username

-- name: due
-- The bulletin that has begun and not everybody has been told of; somebody else's is left.
select {columns} from bulletin b
where b.station_id = %(station)s and b.withdrawn_at is null and b.spread_at is null
    and b.starts_at <= %(now)s and b.ends_at > %(now)s
order by b.urgent desc, b.id limit 1 for no key update of b skip locked

-- name: spread
update bulletin set spread_to = %(to)s, spread_at = %(at)s where id = %(id)s

-- name: changed_displays
-- Screens that are to show something else than they were told, nothing when they are none any more; and those told long
-- ago of something that their own clocks still show, should that not have reached them, or its withdrawal not.
with recursive showing as (
    select id, areas, media, urgent, starts_at from bulletin
    where station_id = %(station)s and withdrawn_at is null and starts_at <= %(now)s and ends_at > %(now)s
        and media && '{screens,tvs}'
), reached (bulletin, area) as (
    select b.id, a.id from showing b join area a
        on a.station_id = %(station)s and (b.areas is null or a.id = any (b.areas))
    union select r.bulletin, a.id from area a join reached r on a.parent = r.area where a.station_id = %(station)s
), screen as (
    select d.id, p.area_id, case d.attributes ->> 'shows' when 'tv' then 'tvs' else 'screens' end as medium
    from device d join place p on p.station_id = d.station_id and p.id = d.place_id
    where d.station_id = %(station)s and d.kind = 'screen' and coalesce(d.attributes ->> 'shows', '') <> 'nothing'
), wanted as (
    select s.id, s.medium, coalesce(array_agg(b.id order by b.urgent desc, b.starts_at desc, b.id desc)
        filter (where b.id is not null), '{}') as bulletins
    from screen s
    left join reached r on r.area = s.area_id
    left join showing b on b.id = r.bulletin and s.medium = any (b.media)
    group by s.id, s.medium
    union all
    select d.device_id, 'screens', '{}' from display d
    where d.station_id = %(station)s and d.bulletins <> '{}' and not exists (select from screen s where s.id = d.device_id)
)
select w.id as device, w.medium, w.bulletins from wanted w
left join display d on d.station_id = %(station)s and d.device_id = w.id
where w.bulletins <> coalesce(d.bulletins, '{}') or d.told_at <= %(again)s and exists (
    select from bulletin b join bulletin_screen s on s.bulletin_id = b.id and s.device_id = w.id
    where b.station_id = %(station)s and b.starts_at <= %(now)s and b.ends_at > %(now)s)
order by w.id limit %(limit)s

-- name: of_ids
select {columns} from bulletin b where b.id = any (%(ids)s)

-- name: told_display
insert into display (station_id, device_id, bulletins, told_at) values (%(station)s, %(device)s, %(bulletins)s, %(now)s)
on conflict (station_id, device_id) do update set bulletins = excluded.bulletins, told_at = excluded.told_at

-- name: told_screen
-- Which screens were told of a bulletin, by the first message that did: one that was overtaken or came too late did not.
insert into bulletin_screen (bulletin_id, device_id, medium, notification_id)
select unnest(%(bulletins)s::bigint[]), %(device)s, %(medium)s, %(notification)s
on conflict (bulletin_id, device_id) do update set notification_id = excluded.notification_id
    where exists (
        select from notification n
        where n.id = bulletin_screen.notification_id and n.state in ('stopped', 'expired', 'refused'))

-- name: supersede
-- An older state of the same screen does not go out any more.
update notification set state = 'stopped'
where station_id = %(station)s and channel = %(channel)s and recipient = %(recipient)s and state = 'queued'
    and purpose = 'bulletin'

-- name: counts
-- How a bulletin's messages to people and enterprises stand.
select case when n.enterprise_id is not null then 'enterprises' when n.person_id is not null then 'phones' else 'staff' end
    as medium, n.state, count(*)
from notification n where n.bulletin_id = %(id)s and n.key not like '%%:withdrawn' group by 1, 2 order by 1, 2

-- name: screens_told
-- The screens that were told of a bulletin: how far each got, when it said that it shows it, and whether it is within a
-- scope.
select s.device_id as device, s.medium, coalesce(n.state, 'unknown') as state,
    %(areas)s::text[] is null or exists (
        select from device d join place p on p.station_id = d.station_id and p.id = d.place_id
        where d.station_id = %(station)s and d.id = s.device_id and p.area_id = any (%(areas)s)) as within, (
    select min(e.ts) from event e
    where e.station_id = %(station)s and e.device_id = s.device_id and e.kind = 'screen.showed'
        and e.ts >= %(since)s and e.ts < %(until)s and e.data -> 'bulletins' @> to_jsonb(s.bulletin_id)) as shown_at
from bulletin_screen s left join notification n on n.id = s.notification_id
where s.bulletin_id = %(id)s order by s.device_id

-- name: sent_enterprises
-- The enterprises that have a bulletin, or may: one that was tried may have it without our knowing.
select enterprise_id from notification
where bulletin_id = %(id)s and enterprise_id is not null
    and (state in ('accepted', 'delivered', 'seen', 'acknowledged') or state = 'stopped' and attempts > 0)

-- name: phones_known
-- Whether somebody of the register has one of these numbers.
select exists (select from person where station_id = %(station)s and phone_index = any (%(indexes)s) and erased_at is null)

-- name: concerned
-- Who is concerned by an incident: those its alerts are about, those who live where it is, the parties of a dispute.
select n.id, n.sealed from incident i join person n on n.station_id = i.station_id and n.erased_at is null
    and (n.id = i.person_id or n.place_id = i.place_id or i.detail #> '{dispute,places}' ? n.place_id or exists (
        select from incident_alert l join alert a on a.id = l.alert_id
        where l.incident_id = i.id and a.person_id = n.id))
where i.station_id = %(station)s and i.id = %(incident)s

-- name: area_name
-- What may be said of where a bulletin is for: the one area's name, else the station's.
select coalesce((select a.name from area a where a.station_id = s.id and cardinality(%(wanted)s::text[]) = 1
    and a.id = (%(wanted)s::text[])[1]), s.name) from station s where s.id = %(station)s

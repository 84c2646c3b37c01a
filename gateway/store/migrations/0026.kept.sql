-- What would go, told before it goes: what retention asks is one view for each class, read by the functions that delete and by
-- the dry run alike. A case that is held keeps its messages, bulletins and lines of the trail too.
-- depends: 0018.map 0023.media

-- Held cases, with what was merged into them.
create view held_incident as
with recursive held (id) as (
    select incident_id from evidence_hold
    union
    select i.id from incident i join held on i.merged_into = held.id)
select id from held;

-- What the trail calls a held case, and each of its alerts.
create view held_object as
select 'incident/' || id as name from held_incident
union
select 'alert/' || l.alert_id from incident_alert l join held_incident h on h.id = l.incident_id;

-- One view for each class. `since`: from when its time runs. `is_lesser`: it goes after the shorter time. `stays`: why it stays
-- though its time is over, the first reason that applies; `until`: the last day of which it stays in any case.

create view kept_incident as
select i.id, i.station_id, i.changed_at as since, i.priority = 'P4' as is_lesser,
    case
        when i.id in (select id from held_incident) then 'held'
        when i.state not in ('closed', 'merged', 'cancelled') then 'open'
        when exists (
            select from incident_alert l join alert a on a.id = l.alert_id
            where l.incident_id = i.id and a.ended_at is null) then 'alert'
        when exists (select from incident m where m.merged_into = i.id) then 'merged'
    end as stays,
    i.follow_up_on as until
from incident i;

create view kept_alert as
select a.id, a.station_id, a.ended_at as since, a.stream = 'work_item' or a.priority = 'P4' as is_lesser,
    case when exists (select from incident_alert l where l.alert_id = a.id) then 'case' end as stays, null::date as until
from alert a where a.stream in ('alert', 'work_item');

create view kept_bulletin as
select b.id, b.station_id, b.ends_at as since, false as is_lesser,
    case when b.incident_id in (select id from held_incident) then 'held' end as stays, null::date as until
from bulletin b;

create view kept_round as
select r.id, r.station_id, r.ends_by as since, true as is_lesser, null::text as stays, null::date as until
from patrol_round r;

create view kept_media as
select m.id, m.station_id, m.received_at as since, false as is_lesser,
    case
        when exists (
            select from evidence_media e join incident_alert l on l.alert_id = e.alert_id
            where e.media_id = m.id and l.incident_id in (select id from held_incident)) then 'held'
        when exists (select from evidence_media e where e.media_id = m.id) then 'alert'
        when m.fresh then 'fresh'
    end as stays,
    null::date as until
from media m;

create view kept_audit as
select a.id, a.station_id, a.at as since, false as is_lesser,
    case when a.object in (select name from held_object) then 'held' end as stays, null::date as until
from audit a;

-- A person's consent goes together: from the last of it, and from the erasure.
create view kept_consent as
select c.id, c.station_id,
    greatest(
        (select max(o.at) from consent o where o.station_id = c.station_id and o.person_id = c.person_id),
        (select p.erased_at from person p where p.station_id = c.station_id and p.id = c.person_id)) as since,
    false as is_lesser,
    case when exists (
        select from person p where p.station_id = c.station_id and p.id = c.person_id and p.erased_at is null)
    then 'record' end as stays,
    null::date as until
from consent c;

create function is_past(since timestamptz, is_lesser boolean, older timestamptz, lesser timestamptz) returns boolean
language sql immutable as $$
    select since < case when is_lesser then lesser else older end
$$;

create function why_kept(stays text, until date, moment timestamptz) returns text language sql stable as $$
    select coalesce(stays, case when until >= moment::date then 'follow_up' end)
$$;

-- As before, by the views.
create or replace function retire_incidents(
    of_station text, older timestamptz, lesser timestamptz, moment timestamptz, most integer
) returns bigint language plpgsql as $$
declare
    doomed bigint[];
    theirs bigint[];
begin
    perform refuse_to_retire_after(moment, older, lesser);
    select coalesce(array_agg(d.id), '{}') into doomed from (
        select k.id from kept_incident k
        where k.station_id = of_station and is_past(k.since, k.is_lesser, older, lesser)
            and why_kept(k.stays, k.until, moment) is null
        order by k.id limit most for update skip locked) d;
    select coalesce(array_agg(distinct l.alert_id), '{}') into theirs from incident_alert l
    where l.incident_id = any (doomed) and not exists (
        select from incident_alert o where o.alert_id = l.alert_id and o.incident_id <> all (doomed));
    perform let_go_of_evidence(moment, doomed, theirs);
    delete from attempt t using notification n where n.id = t.notification_id and n.incident_id = any (doomed);
    delete from notification where incident_id = any (doomed);
    delete from rung where incident_id = any (doomed);
    delete from incident_text where incident_id = any (doomed);
    delete from attachment where incident_id = any (doomed);
    -- A visit is the officer's record; it only forgets to which case it belonged.
    update footprint set incident_id = null where incident_id = any (doomed);
    -- What everybody was told of it stays as long as bulletins do.
    update bulletin set incident_id = null where incident_id = any (doomed);
    perform set_config('anxin.retiring', 'incident_step', true);
    delete from incident_step where incident_id = any (doomed);
    perform set_config('anxin.retiring', '', true);
    delete from incident_alert where incident_id = any (doomed);
    perform forget_alerts(theirs);
    delete from incident where id = any (doomed);
    perform say_retired(of_station, moment, 'incidents', cardinality(doomed), greatest(older, lesser));
    return cardinality(doomed);
end
$$;

create or replace function retire_alerts(
    of_station text, older timestamptz, lesser timestamptz, moment timestamptz, most integer
) returns bigint language plpgsql as $$
declare
    doomed bigint[];
begin
    perform refuse_to_retire_after(moment, older, lesser);
    select coalesce(array_agg(d.id), '{}') into doomed from (
        select k.id from kept_alert k
        where k.station_id = of_station and is_past(k.since, k.is_lesser, older, lesser)
            and why_kept(k.stays, k.until, moment) is null
        order by k.id limit most for update skip locked) d;
    perform forget_alerts(doomed);
    perform say_retired(of_station, moment, 'alerts', cardinality(doomed), greatest(older, lesser));
    return cardinality(doomed);
end
$$;

create or replace function retire_bulletins(of_station text, older timestamptz, moment timestamptz) returns bigint
language plpgsql as $$
declare
    went bigint;
begin
    perform refuse_to_retire_after(moment, older);
    delete from kept_bulletin k
    where k.station_id = of_station and is_past(k.since, k.is_lesser, older, older)
        and why_kept(k.stays, k.until, moment) is null;
    get diagnostics went = row_count;
    perform say_retired(of_station, moment, 'bulletins', went, older);
    return went;
end
$$;

create or replace function retire_rounds(of_station text, older timestamptz, moment timestamptz) returns bigint
language plpgsql as $$
declare
    went bigint;
begin
    perform refuse_to_retire_after(moment, older);
    delete from kept_round k
    where k.station_id = of_station and is_past(k.since, k.is_lesser, older, older)
        and why_kept(k.stays, k.until, moment) is null;
    get diagnostics went = row_count;
    perform say_retired(of_station, moment, 'rounds', went, older);
    return went;
end
$$;

create or replace function retire_audit(of_station text, older timestamptz, moment timestamptz) returns bigint
language plpgsql as $$
declare
    went bigint;
begin
    perform refuse_to_retire_after(moment, older);
    perform set_config('anxin.retiring', 'audit', true);
    delete from kept_audit k
    where (k.station_id = of_station or k.station_id is null) and is_past(k.since, k.is_lesser, older, older)
        and why_kept(k.stays, k.until, moment) is null;
    get diagnostics went = row_count;
    perform set_config('anxin.retiring', '', true);
    perform say_retired(of_station, moment, 'audit', went, older);
    return went;
end
$$;

create or replace function retire_consent(of_station text, older timestamptz, moment timestamptz) returns bigint
language plpgsql as $$
declare
    went bigint;
begin
    perform refuse_to_retire_after(moment, older);
    perform set_config('anxin.retiring', 'consent', true);
    delete from kept_consent k
    where k.station_id = of_station and is_past(k.since, k.is_lesser, older, older)
        and why_kept(k.stays, k.until, moment) is null;
    get diagnostics went = row_count;
    perform set_config('anxin.retiring', '', true);
    perform say_retired(of_station, moment, 'consent', went, older);
    return went;
end
$$;

create or replace function retire_media(of_station text, older timestamptz, moment timestamptz, most integer) returns bigint
language plpgsql as $$
declare
    went bigint;
begin
    if older is null or older > moment - interval '30 days' then
        raise exception 'pictures are kept for 30 days at least';
    end if;
    with doomed as (
        select k.id from kept_media k
        where k.station_id = of_station and is_past(k.since, k.is_lesser, older, older)
            and why_kept(k.stays, k.until, moment) is null
        order by k.id limit most for update skip locked)
    delete from media m using doomed d where m.id = d.id;
    get diagnostics went = row_count;
    perform say_retired(of_station, moment, 'media', went, older);
    return went;
end
$$;

-- When the gateway looked last: whoever asks what goes wants to know when.
create table retention_turn (
    station_id text primary key references station,
    looked_at timestamptz not null
);

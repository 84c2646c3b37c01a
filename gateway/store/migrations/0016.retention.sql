-- What people did is kept for a time and then goes, although nothing else may take a line out of it. Whoever deletes does
-- it through these functions: they keep to a floor, take whole cases, and say in the audit trail what went.
-- depends: 0010.suppress 0015.words

-- Followed backwards when an incident goes.
create index incident_merged on incident (merged_into) where merged_into is not null;
create index attachment_step on attachment (step_id) where step_id is not null;
create index footprint_incident on footprint (incident_id) where incident_id is not null;
create index digest_alert on digest (alert_id);
create index bulletin_incident on bulletin (incident_id) where incident_id is not null;

-- Append-only but for retention, which names the table for the rest of its own statement; and for the sealing of words.
create or replace function refuse_audit_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.detail ? 'reason' and old.said_sealed is null and new.said_sealed is not null
        and to_jsonb(new) - 'said_sealed' - 'detail' = to_jsonb(old) - 'said_sealed' - 'detail'
        and new.detail = old.detail - 'reason' then
        return new;
    end if;
    if tg_op = 'DELETE' and current_setting('anxin.retiring', true) = tg_table_name then
        return old;
    end if;
    raise exception 'audit is append-only';
end
$$;

create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and current_setting('anxin.retiring', true) = tg_table_name then
        return null;
    end if;
    raise exception '% is append-only', tg_table_name;
end
$$;

create or replace function refuse_consent_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.note_sealed is null
        and to_jsonb(new) - 'note_sealed' = to_jsonb(old) - 'note_sealed' then
        return new;
    end if;
    if tg_op = 'DELETE' and current_setting('anxin.retiring', true) = 'consent' then
        return old;
    end if;
    raise exception 'consent is append-only';
end
$$;

-- Nothing of the last half year goes, whatever was set: six months of logs are the law's floor.
create function refuse_to_retire_after(moment timestamptz, variadic cutoffs timestamptz[]) returns void
language plpgsql as $$
begin
    if exists (select from unnest(cutoffs) as c (cutoff) where c.cutoff is null or c.cutoff > moment - interval '180 days')
    then
        raise exception 'records are kept for 180 days at least';
    end if;
end
$$;

create function say_retired(of_station text, moment timestamptz, what text, went bigint, cutoff timestamptz) returns void
language sql as $$
    insert into audit (at, station_id, username, act, object, detail)
    select moment, of_station, 'anxin', 'retention', what, jsonb_build_object('count', went, 'before', cutoff)
    where went > 0
$$;

-- Alerts that ended, with what was told of them.
create function forget_alerts(doomed bigint[]) returns void language plpgsql as $$
begin
    delete from attempt t using notification n where n.id = t.notification_id and n.alert_id = any (doomed);
    delete from notification where alert_id = any (doomed);
    delete from sounding where alert_id = any (doomed);
    delete from digest where alert_id = any (doomed);
    delete from alert where id = any (doomed);
end
$$;

-- Cases that are over, each with its timeline, texts, pictures, messages and the alerts that were only its own. One into
-- which another was merged goes after that one.
create function retire_incidents(
    of_station text, older timestamptz, lesser timestamptz, moment timestamptz, most integer
) returns bigint language plpgsql as $$
declare
    doomed bigint[];
    theirs bigint[];
begin
    perform refuse_to_retire_after(moment, older, lesser);
    select coalesce(array_agg(d.id), '{}') into doomed from (
        select i.id from incident i
        where i.station_id = of_station and i.state in ('closed', 'merged', 'cancelled')
            and i.changed_at < case when i.priority = 'P4' then lesser else older end
            and (i.follow_up_on is null or i.follow_up_on < moment::date)
            and not exists (select from incident m where m.merged_into = i.id)
            and not exists (
                select from incident_alert l join alert a on a.id = l.alert_id
                where l.incident_id = i.id and a.ended_at is null)
        order by i.id limit most for update skip locked) d;
    select coalesce(array_agg(distinct l.alert_id), '{}') into theirs from incident_alert l
    where l.incident_id = any (doomed) and not exists (
        select from incident_alert o where o.alert_id = l.alert_id and o.incident_id <> all (doomed));
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

-- Alerts that became nobody's case: work items and P4 after the shorter time.
create function retire_alerts(
    of_station text, older timestamptz, lesser timestamptz, moment timestamptz, most integer
) returns bigint language plpgsql as $$
declare
    doomed bigint[];
begin
    perform refuse_to_retire_after(moment, older, lesser);
    select coalesce(array_agg(d.id), '{}') into doomed from (
        select a.id from alert a
        where a.station_id = of_station and a.stream in ('alert', 'work_item')
            and a.ended_at < case when a.stream = 'work_item' or a.priority = 'P4' then lesser else older end
            and not exists (select from incident_alert l where l.alert_id = a.id)
        order by a.id limit most for update skip locked) d;
    perform forget_alerts(doomed);
    perform say_retired(of_station, moment, 'alerts', cardinality(doomed), greatest(older, lesser));
    return cardinality(doomed);
end
$$;

-- Bulletins that ended; what is left of their messages forgets of which one it was.
create function retire_bulletins(of_station text, older timestamptz, moment timestamptz) returns bigint
language plpgsql as $$
declare
    went bigint;
begin
    perform refuse_to_retire_after(moment, older);
    delete from bulletin where station_id = of_station and ends_at < older;
    get diagnostics went = row_count;
    perform say_retired(of_station, moment, 'bulletins', went, older);
    return went;
end
$$;

create function retire_audit(of_station text, older timestamptz, moment timestamptz) returns bigint
language plpgsql as $$
declare
    went bigint;
begin
    perform refuse_to_retire_after(moment, older);
    perform set_config('anxin.retiring', 'audit', true);
    delete from audit where (station_id = of_station or station_id is null) and at < older;
    get diagnostics went = row_count;
    perform set_config('anxin.retiring', '', true);
    perform say_retired(of_station, moment, 'audit', went, older);
    return went;
end
$$;

-- Consent of people of whom there is no record any more, counted from the erasure or their last line here.
create function retire_consent(of_station text, older timestamptz, moment timestamptz) returns bigint
language plpgsql as $$
declare
    went bigint;
begin
    perform refuse_to_retire_after(moment, older);
    perform set_config('anxin.retiring', 'consent', true);
    delete from consent c where c.station_id = of_station
        and not exists (
            select from person p where p.station_id = c.station_id and p.id = c.person_id
                and (p.erased_at is null or p.erased_at >= older))
        and not exists (
            select from consent o where o.station_id = c.station_id and o.person_id = c.person_id and o.at >= older);
    get diagnostics went = row_count;
    perform set_config('anxin.retiring', '', true);
    perform say_retired(of_station, moment, 'consent', went, older);
    return went;
end
$$;

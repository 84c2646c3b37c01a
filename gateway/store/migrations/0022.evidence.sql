-- Evidence: what counted, frozen as it was, hashed, each record bound to all before it. Records stay for good; what they
-- speak for goes with its case, and that it went is a record too.
-- depends: 0016.retention 0021.absences

create table evidence (
    station_id text not null references station,
    seq bigint not null check (seq > 0),
    -- The very bytes that are hashed: one line of JSON. What is looked for is read from it.
    record text not null,
    link text not null,
    at timestamptz not null,
    kind text not null generated always as (record::jsonb ->> 'kind') stored,
    incident_id bigint generated always as ((record::jsonb ->> 'incident')::bigint) stored,
    alert_id bigint generated always as ((record::jsonb ->> 'alert')::bigint) stored,
    primary key (station_id, seq)
);
create index evidence_incident on evidence (incident_id, seq) where incident_id is not null;
create index evidence_passed_over on evidence (station_id, at) where kind in ('gap', 'unfrozen');
create index evidence_alert on evidence (alert_id, seq) where alert_id is not null;
create trigger evidence_append_only before update or delete or truncate on evidence
    for each statement execute function refuse_change();

-- What records speak for: sealed here, or what hangs on the incident. Empty once it has been let go.
create table evidence_content (
    station_id text not null,
    seq bigint not null,
    name text not null,
    sealed bytea,
    attachment_id bigint,
    gone_at timestamptz,
    -- The record that says that it went.
    gone_seq bigint,
    primary key (station_id, seq, name),
    foreign key (station_id, seq) references evidence
);
create index evidence_content_gone on evidence_content (station_id, seq) where gone_at is not null and gone_seq is null;

-- Events that an alert's records speak for already.
create table evidence_event (
    alert_id bigint not null,
    reference text not null,
    primary key (alert_id, reference)
);

-- How far the chain has come at a moment, signed. A head that has left the house holds all before it.
create table evidence_head (
    station_id text not null references station,
    seq bigint not null,
    link text not null,
    at timestamptz not null,
    signer text not null,
    signature text not null,
    primary key (station_id, seq, signer)
);
create trigger evidence_head_append_only before update or delete or truncate on evidence_head
    for each statement execute function refuse_change();

-- Up to which change everything is frozen.
create table evidence_cursor (
    station_id text primary key references station,
    change_id bigint not null,
    moved_at timestamptz not null
);

-- A case that is not let go of, whatever its time: why is sealed.
create table evidence_hold (
    incident_id bigint primary key references incident,
    at timestamptz not null,
    username text not null,
    reason_sealed bytea not null
);

-- What evidence speaks for goes with its case; the records stay.
create function let_go_of_evidence(moment timestamptz, incidents bigint[], alerts bigint[]) returns void
language plpgsql as $$
begin
    update evidence_content c set sealed = null, attachment_id = null, gone_at = moment
    from evidence e
    where e.station_id = c.station_id and e.seq = c.seq and c.gone_at is null
        and (e.incident_id = any (incidents) or e.alert_id = any (alerts));
    delete from evidence_event where alert_id = any (alerts);
end
$$;

create or replace function forget_alerts(doomed bigint[]) returns void language plpgsql as $$
begin
    perform let_go_of_evidence(now(), '{}', doomed);
    delete from attempt t using notification n where n.id = t.notification_id and n.alert_id = any (doomed);
    delete from notification where alert_id = any (doomed);
    delete from sounding where alert_id = any (doomed);
    delete from digest where alert_id = any (doomed);
    delete from alert where id = any (doomed);
end
$$;

-- As before, but for what is held, and for the evidence.
create or replace function retire_incidents(
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
            -- What was merged into a case that is held is part of it.
            and not exists (
                with recursive whole (id) as (
                    select i.id
                    union
                    select m.merged_into from incident m join whole on m.id = whole.id where m.merged_into is not null)
                select from whole join evidence_hold h on h.incident_id = whole.id)
            and not exists (
                select from incident_alert l join alert a on a.id = l.alert_id
                where l.incident_id = i.id and a.ended_at is null)
        order by i.id limit most for update skip locked) d;
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

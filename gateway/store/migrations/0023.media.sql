-- Snapshots and clips that cameras hand in: each of one event, sealed. What an alert names is frozen; the rest goes soon.
-- depends: 0022.evidence

create table media (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    device_id text not null,
    event_id text not null,
    role text not null check (role in ('snapshot', 'clip')),
    content_type text not null,
    size integer not null check (size > 0),
    sha256 text not null,
    -- What it shows.
    from_at timestamptz not null,
    until_at timestamptz not null,
    received_at timestamptz not null,
    sealed bytea not null,
    -- Nobody has looked yet whether an alert names its event.
    fresh boolean not null default true,
    unique (station_id, device_id, event_id, role)
);
-- Pictures are compressed already.
alter table media alter column sealed set storage external;
create index media_fresh on media (station_id, id) where fresh;
create index media_received on media (station_id, received_at);

-- Which alert's records speak for it: as long as there is one, it stays.
create table evidence_media (
    media_id bigint not null references media,
    alert_id bigint not null,
    primary key (media_id, alert_id)
);
create index evidence_media_alert on evidence_media (alert_id);
create index evidence_event_reference on evidence_event (reference);

alter table evidence_content add column media_id bigint;

create or replace function let_go_of_evidence(moment timestamptz, incidents bigint[], alerts bigint[]) returns void
language plpgsql as $$
begin
    update evidence_content c set sealed = null, attachment_id = null, media_id = null, gone_at = moment
    from evidence e
    where e.station_id = c.station_id and e.seq = c.seq and c.gone_at is null
        and (e.incident_id = any (incidents) or e.alert_id = any (alerts));
    delete from evidence_event where alert_id = any (alerts);
    delete from evidence_media where alert_id = any (alerts);
end
$$;

-- Pictures that no alert names, after their time. Those of an alert go after it has gone.
create function retire_media(of_station text, older timestamptz, moment timestamptz, most integer) returns bigint
language plpgsql as $$
declare
    went bigint;
begin
    if older is null or older > moment - interval '30 days' then
        raise exception 'pictures are kept for 30 days at least';
    end if;
    with doomed as (
        select m.id from media m
        where m.station_id = of_station and m.received_at < older and not m.fresh
            and not exists (select from evidence_media e where e.media_id = m.id)
        order by m.id limit most for update skip locked)
    delete from media m using doomed d where m.id = d.id;
    get diagnostics went = row_count;
    perform say_retired(of_station, moment, 'media', went, older);
    return went;
end
$$;

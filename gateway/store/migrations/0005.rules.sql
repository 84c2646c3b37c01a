-- What rules go by: attributes, the registry as it was, versions that are asked for, backtests, learnt profiles.
-- depends: 0004.town

alter table place add column attributes jsonb not null default '{}';
alter table device add column attributes jsonb not null default '{}';

-- What a rule learns slowly and largely of a subject, apart from what changes with every event.
alter table rule_state add column profile jsonb;

-- Changes of what the registry says of places, devices and persons, as facts that rules go by; no names of people.
-- The road takes them in and says when that was (`at`): from then on they hold. `before` null: it was not there.
create table registry_change (
    station_id text not null references station,
    id bigint generated always as identity,
    at timestamptz,
    kind text not null check (kind in ('place', 'device', 'person')),
    object_id text not null,
    before jsonb,
    after jsonb,
    primary key (station_id, id)
);
create index registry_change_at on registry_change (station_id, at);

create function note_registry_change() returns trigger language plpgsql as $$
declare
    before jsonb;
    after jsonb;
begin
    if tg_op <> 'INSERT' then
        before := to_jsonb(old) - 'station_id' - 'secret_sha256' - case tg_table_name when 'person' then 'name' else '' end;
    end if;
    if tg_op <> 'DELETE' then
        after := to_jsonb(new) - 'station_id' - 'secret_sha256' - case tg_table_name when 'person' then 'name' else '' end;
    end if;
    if before is distinct from after then
        insert into registry_change (station_id, kind, object_id, before, after)
        values (coalesce(new.station_id, old.station_id), tg_table_name, coalesce(new.id, old.id), before, after);
    end if;
    return null;
end
$$;

create trigger place_changes after insert or update or delete on place
    for each row execute function note_registry_change();
create trigger device_changes after insert or update or delete on device
    for each row execute function note_registry_change();
create trigger person_changes after insert or update or delete on person
    for each row execute function note_registry_change();

-- Versions asked to run. The gateway lets them learn from what is stored, then switches in one transaction.
create table rule_activation (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    rule_id text not null,
    -- Null: the rule is to run no more.
    version integer,
    asked_by text not null,
    asked_at timestamptz not null,
    reason text not null,
    backtest_id bigint,
    state text not null default 'asked' check (state in ('asked', 'learning', 'done', 'failed')),
    detail jsonb not null default '{}',
    ended_at timestamptz
);
create index rule_activation_recent on rule_activation (station_id, rule_id, id desc);

-- What a version would have said of a stretch of the past.
create table backtest (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    rule_id text not null,
    version integer not null,
    digest text not null,
    definition jsonb not null,
    -- The version it is compared with.
    against integer,
    since timestamptz not null,
    until timestamptz not null,
    asked_by text not null,
    asked_at timestamptz not null,
    state text not null default 'running' check (state in ('running', 'done', 'failed')),
    progress double precision not null default 0,
    touched_at timestamptz not null,
    report jsonb,
    detail text
);
create index backtest_recent on backtest (station_id, rule_id, id desc);

-- A rule's learning reads on from where it stood: the road commits in order, so what was committed later came later.
create index event_committed on event using brin (committed_at);

-- Personal data sealed, consent, an audit trail that keeps people's words sealed, second factors, sessions one can list.
-- depends: 0006.people

-- What is personal of a person lies in `sealed` (JSON, AES-GCM); the indexes find an exact name or phone again. `name` is
-- of older versions: it is sealed and emptied after the migration (gateway/sealing_up.py).
alter table person alter column name drop not null;
alter table person add column sealed bytea;
alter table person add column name_index bytea;
alter table person add column phone_index bytea;
-- Erased: the id is kept for history, and a site file does not bring the person back.
alter table person add column erased_at timestamptz;
create index person_name on person (station_id, name_index) where name_index is not null;
create index person_phone on person (station_id, phone_index) where phone_index is not null;
create index person_place on person (station_id, place_id);

-- A value sealed with the installation's data key: whoever comes with another key is told so before any harm is done.
create table data_key (
    only_one boolean primary key default true check (only_one),
    check_sealed bytea not null,
    made_at timestamptz not null default now()
);

-- As before, and nothing sealed in it either.
create or replace function note_registry_change() returns trigger language plpgsql as $$
declare
    hidden text[] := array['station_id', 'secret_sha256'];
    before jsonb;
    after jsonb;
begin
    if tg_table_name = 'person' then
        hidden := hidden || array['name', 'sealed', 'name_index', 'phone_index', 'erased_at'];
    end if;
    if tg_op <> 'INSERT' then
        before := to_jsonb(old) - hidden;
    end if;
    if tg_op <> 'DELETE' then
        after := to_jsonb(new) - hidden;
    end if;
    if before is distinct from after then
        insert into registry_change (station_id, kind, object_id, before, after)
        values (coalesce(new.station_id, old.station_id), tg_table_name, coalesce(new.id, old.id), before, after);
    end if;
    return null;
end
$$;

-- Who agreed to what, and when they no longer did. Append-only but for the note, which erasure empties.
create table consent (
    id bigint generated always as identity primary key,
    station_id text not null,
    person_id text not null,
    purpose text not null check (purpose in ('care_monitoring', 'sharing_relatives')),
    state text not null check (state in ('given', 'withdrawn')),
    -- Who said so: the person, a guardian, a relative; site_file: nobody is named, the station's file took it as given.
    said_by text not null check (said_by in ('self', 'guardian', 'relative', 'site_file')),
    -- From when it holds, and when it was written down here.
    since timestamptz not null,
    at timestamptz not null default now(),
    recorded_by text not null,
    note_sealed bytea
);
create index consent_person on consent (station_id, person_id, purpose, id desc);

create function refuse_consent_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.note_sealed is null
        and to_jsonb(new) - 'note_sealed' = to_jsonb(old) - 'note_sealed' then
        return new;
    end if;
    raise exception 'consent is append-only';
end
$$;
create trigger consent_append_only before update or delete on consent
    for each row execute function refuse_consent_change();
create trigger consent_kept before truncate on consent for each statement execute function refuse_change();

-- What people typed with an act (reasons, notes) may name somebody: sealed, opened for the auditor.
alter table audit add column said_sealed bytea;
create index audit_recent on audit (station_id, id desc);

-- A second factor (TOTP). The last step used is refused from then on; recovery codes are good once.
alter table user_account add column totp_sealed bytea;
alter table user_account add column totp_confirmed_at timestamptz;
alter table user_account add column totp_last_step bigint not null default 0;
alter table user_account add column disabled_at timestamptz;
create table recovery_code (
    username text not null references user_account on delete cascade,
    code_sha256 text not null,
    used_at timestamptz,
    primary key (username, code_sha256)
);

-- So that people can name one of their sessions without knowing its token.
alter table user_session add column id bigint generated always as identity;
create unique index user_session_id on user_session (id);

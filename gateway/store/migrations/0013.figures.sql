-- Who sat at the command room's desk and when, handovers from one to the next, and what statistics are read by.
-- depends: 0006.people

-- An operator at the desk: logged in, and not paused. The roster's `shift` is another thing: this is what was.
create table desk (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    username text not null references user_account,
    began_at timestamptz not null,
    ended_at timestamptz,
    -- `ended` by themselves, or `logged_out`.
    ended_why text,
    check (began_at <= ended_at)
);
create unique index desk_open on desk (username) where ended_at is null;
create index desk_recent on desk (station_id, began_at desc);

create table desk_pause (
    desk_id bigint not null references desk,
    began_at timestamptz not null,
    ended_at timestamptz,
    primary key (desk_id, began_at),
    check (began_at <= ended_at)
);
create unique index desk_pause_open on desk_pause (desk_id) where ended_at is null;

-- Whoever has no session any more is at no desk: from when the last one was last used.
create function leave_desk() returns trigger language plpgsql as $$
begin
    if not exists (select from user_session where username = old.username) then
        update desk_pause p set ended_at = greatest(p.began_at, old.used_at) from desk d
            where d.id = p.desk_id and d.username = old.username and d.ended_at is null and p.ended_at is null;
        update desk d set ended_at = greatest(d.began_at, old.used_at), ended_why = 'logged_out'
            where d.username = old.username and d.ended_at is null;
    end if;
    return null;
end
$$;
create trigger user_session_over after delete on user_session for each row execute function leave_desk();

-- What one shift leaves to the next, as it was then; signed by both.
create table desk_handover (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    -- The areas of whoever wrote it down; null: the whole station.
    areas text[],
    made_at timestamptz not null,
    page jsonb not null,
    note_sealed bytea,
    given_by text not null references user_account,
    given_at timestamptz,
    taken_by text references user_account,
    taken_at timestamptz,
    check (given_by <> taken_by)
);
create index desk_handover_recent on desk_handover (station_id, id desc);

-- Statistics read a period: of incidents by their opening, of alerts by when they were raised, of people's acts by when.
create index incident_opened on incident (station_id, opened_at);
create index if not exists alert_raised on alert (station_id, raised_at);
create index incident_step_acts on incident_step (at) where act in ('sign', 'handle');

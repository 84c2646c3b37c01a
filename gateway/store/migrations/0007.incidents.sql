-- What people write about an incident is sealed and kept beside its timeline; acts said twice; pictures sealed.
-- depends: 0006.people

-- The incident's version a line was written at: what has moved since is counted from it. Null: written before this.
alter table incident_step add column version integer;
-- The phone's own id of a note or of an incident opened by hand: an offline phone may say it twice.
alter table incident_step add column client_id text;
create unique index incident_step_client on incident_step (actor, client_id) where client_id is not null;

-- Free text is about people: never in the timeline itself, which can't be changed, nor in what is streamed or pushed.
create table incident_text (
    id bigint generated always as identity primary key,
    station_id text not null references station,
    incident_id bigint not null references incident,
    step_id bigint not null references incident_step,
    what text not null check (what in ('headline', 'text', 'reporter', 'reason', 'note', 'feedback', 'outcome')),
    sealed bytea not null,
    unique (step_id, what)
);
create index incident_text_incident on incident_text (incident_id, id);

-- `content` is sealed, `size` what it was before. Pictures belong to a line of the timeline.
alter table attachment add column size integer not null default 0;
alter table attachment add column step_id bigint references incident_step;

create index incident_assignee on incident using gin (assignees)
    where state not in ('closed', 'merged', 'cancelled');

-- What a link's process is asked to record of its traffic: until when, where it does, and how much there is.
-- depends: 0028.county

alter table county_link
    add column capture_until timestamptz,
    add column capture_file text,
    add column capture_messages integer not null default 0;

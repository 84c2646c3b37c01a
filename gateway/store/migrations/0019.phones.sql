-- A session on an officer's phone: nobody may use it for a whole day off, and a push at four in the morning still opens it.
-- depends: 0012.privacy

alter table user_session add column phone boolean not null default false;

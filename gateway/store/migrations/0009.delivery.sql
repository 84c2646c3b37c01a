-- Receipts are shown with a token that nothing needs to be stored for; who was tried on another way, and when.
-- depends: 0006.people

drop index notification_receipt;
alter table notification drop column receipt_sha256;

-- This way has not reached the person: the next one was tried then, or there was none.
alter table notification add column fell_back_at timestamptz;
-- Old messages go by their age, whichever came instead of which.
alter table notification drop constraint notification_instead_of_fkey;
alter table notification add constraint notification_instead_of_fkey
    foreign key (instead_of) references notification on delete set null;
create index notification_instead_of on notification (instead_of) where instead_of is not null;
-- A provider's report names its own number of a message.
create index notification_provider on notification (channel, provider_id) where provider_id is not null;

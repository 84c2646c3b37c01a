-- name: read
-- The value by which a key is known to be the right one.
select check_sealed from data_key

-- name: write
-- The first key to come is the key.
insert into data_key (check_sealed) values (%(sealed)s) on conflict do nothing

-- name: phones
-- Addresses an older version left readable in the accounts.
select station_id, username, phone from user_account where phone is not null for update

-- name: forget_phone
update user_account set phone = null where username = %(username)s

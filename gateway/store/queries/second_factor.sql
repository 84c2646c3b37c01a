-- name: read
-- A user's sealed secret, whether it is confirmed, and the last step that was used.
select totp_sealed, totp_confirmed_at is not null, totp_last_step from user_account where username = %(username)s

-- name: offer
-- A secret to be confirmed; nothing when there is a confirmed one.
update user_account set totp_sealed = %(sealed)s, totp_last_step = 0
where username = %(username)s and totp_confirmed_at is null

-- name: use_step
-- Digits are good once: of two who come with the same ones, the second finds the step used.
update user_account set totp_last_step = %(step)s where username = %(username)s and totp_last_step < %(step)s

-- name: confirm
update user_account set totp_confirmed_at = %(now)s where username = %(username)s and totp_sealed is not null

-- name: reset
update user_account set totp_sealed = null, totp_confirmed_at = null, totp_last_step = 0 where username = %(username)s

-- name: forget_codes
delete from recovery_code where username = %(username)s

-- name: add_code
insert into recovery_code (username, code_sha256) values (%(username)s, %(code)s)

-- name: use_code
update recovery_code set used_at = %(now)s
where username = %(username)s and code_sha256 = %(code)s and used_at is null

-- name: lacking
-- Who of these roles has no second factor.
select username from user_account
where station_id = %(station)s and role = any (%(roles)s) and disabled_at is null and totp_confirmed_at is null
    and password_hash is not null
order by username

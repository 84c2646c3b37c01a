-- name: put
-- A way to reach a user; one that was retired is taken up again.
insert into contact (station_id, username, channel, address_sealed, address_index, label)
values (%(station)s, %(username)s, %(channel)s, %(sealed)s, %(index)s, %(label)s)
on conflict (station_id, username, channel, address_index) do update set state = 'active', retired_why = null
returning id

-- name: retire_others
update contact set state = 'retired', retired_why = 'replaced by the site file'
where station_id = %(station)s and username = %(username)s and channel = %(channel)s and id <> %(keep)s
    and state = 'active'

-- name: take_in
-- What has changed since somebody last looked holds from now on.
update registry_change set at = %(now)s where station_id = %(station)s and at is null

-- name: forget_untaken
-- Before the road first lived nothing was different.
delete from registry_change where station_id = %(station)s and at is null and %(now)s::timestamptz is not null

-- name: since
-- Changes that took place after a moment, oldest first.
select at, kind, object_id, before, after from registry_change
where station_id = %(station)s and at > %(since)s order by at, id

-- name: forget
delete from registry_change where station_id = %(station)s and at < %(before)s

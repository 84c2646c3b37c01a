-- name: incidents
-- Cases that have been over for long, with all that is theirs; never more than so many at once.
select retire_incidents(%(station)s, %(older)s, %(lesser)s, %(now)s, %(most)s)

-- name: alerts
-- Alerts that ended long ago and were nobody's case.
select retire_alerts(%(station)s, %(older)s, %(lesser)s, %(now)s, %(most)s)

-- name: bulletins
-- Bulletins that ended long ago.
select retire_bulletins(%(station)s, %(older)s, %(now)s)

-- name: rounds
-- Rounds of online patrol that were over long ago.
select retire_rounds(%(station)s, %(older)s, %(now)s)

-- name: audit
select retire_audit(%(station)s, %(older)s, %(now)s)

-- name: consent
-- What was agreed by people of whom there has been no record for long.
select retire_consent(%(station)s, %(older)s, %(now)s)

-- name: media
-- Pictures that no alert names, or whose alerts have gone.
select retire_media(%(station)s, %(older)s, %(now)s, %(most)s)

-- name: bare
-- The yardstick: no order, no limits, no row in calls; the partial index of due contacts serves it as it serves ours.
update campaign_contacts set state = 'calling', attempts = attempts + 1
where campaign_id = $1 and contact_id in (
    select contact_id from campaign_contacts where campaign_id = $1 and state = 'waiting'
    limit $2 for update skip locked
)
returning contact_id, phone, zone, attempts, carousel, last_caller

-- name: settle
-- Between rounds, not timed: what was claimed is over.
with over as (
    update calls set state = 'ended', outcome = 'busy', ended_at = now() where campaign_id = $1 and ended_at is null
)
update campaign_contacts set state = 'done' where campaign_id = $1 and state = 'calling'

-- name: open
select count(*) from calls where campaign_id = $1 and ended_at is null

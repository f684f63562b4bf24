-- name: version
select split_part(current_setting('server_version'), ' ', 1)

-- name: cells
-- Those that are gone for longer than a day were taken out of service.
select id, greatest(extract(epoch from now() - seen_at), 0)::float8 as seen_seconds_ago
from cells where seen_at > now() - interval '1 day' order by id

-- name: campaigns
-- Those at work first, then the newest. A draft has no contacts of its own before its first start.
select c.id, c.name, c.state, c.reason, c.reason_text, c.leads, c.spent, n.done,
       case when c.state = 'draft' then (select count(*) from contacts where audience_id = c.audience_id)
            else n.contacts end as contacts,
       (select count(*) from calls where campaign_id = c.id and state <> 'ended') as open
from (select * from campaigns order by state in ('running', 'paused') desc, id desc limit $1) c
cross join lateral (
    select count(*) as contacts, count(*) filter (where state in ('done', 'blocked')) as done
    from campaign_contacts where campaign_id = c.id
) n
order by c.state in ('running', 'paused') desc, c.id desc

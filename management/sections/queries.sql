-- Every statement is of projects that the caller may see (access.places), or of his own account.

-- name: campaigns
select c.id, c.project_id as project, c.name, c.created_at, c.state, c.reason, c.reason_text, c.per_hour, c.leads, c.spent
from campaigns c
where c.project_id = any($1::bigint[]) and ($2::text = '' or c.name ilike '%' || $2 || '%') and ($3::text = '' or c.state::text = $3)
  and ($4::timestamptz is null or c.created_at >= $4) and ($5::timestamptz is null or c.created_at < $5)

-- name: campaign
-- $2 account, $3 user, $4 whether he sees all.
select c.id, c.project_id as project, c.name, c.created_at, c.state, c.reason, c.reason_text, c.per_hour, c.leads, c.spent
from campaigns c join projects p on p.id = c.project_id
left join project_members m on m.project_id = p.id and m.user_id = $3
where c.id = $1 and (p.account_id = $2 or m.user_id is not null or $4)

-- name: progress
-- A draft has no contacts of its own before its first start.
select c.id, n.done,
       case when c.state = 'draft' then (select count(*) from contacts where audience_id = c.audience_id)
            else n.contacts end as contacts
from campaigns c cross join lateral (
    select count(*) as contacts, count(*) filter (where state in ('done', 'blocked')) as done
    from campaign_contacts where campaign_id = c.id
) n
where c.id = any($1::bigint[])

-- name: calls
-- The newest of each campaign by its index, then the newest of those.
select k.* from campaigns c cross join lateral (
    select k.id, k.ended_at, c.project_id as project, c.id as campaign, c.name as campaign_name, k.phone, k.outcome, k.result, k.machine, k.cost,
           coalesce(extract(epoch from k.ended_at - k.answered_at), 0)::float8 as duration
    from calls k
    where k.campaign_id = c.id and k.ended_at is not null
      and ($2::text = '' or k.phone like '%' || $2 || '%')
      and ($3::text = '' or (k.outcome = 'answered') = ($3 = 'successful'))
      and ($4::text = '' or k.result = $4)
      and ($5::timestamptz is null or k.ended_at >= $5) and ($6::timestamptz is null or k.ended_at < $6) {beside}
) k where c.project_id = any($1::bigint[]) and ($7::bigint is null or c.id = $7)

-- name: call
-- $2 account, $3 user, $4 whether he sees all.
select k.id, k.ended_at, c.project_id as project, c.id as campaign, c.name as campaign_name, k.phone, k.outcome, k.result, k.machine, k.cost,
       coalesce(extract(epoch from k.ended_at - k.answered_at), 0)::float8 as duration
from calls k join campaigns c on c.id = k.campaign_id join projects p on p.id = c.project_id
left join project_members m on m.project_id = p.id and m.user_id = $3
where k.id = $1 and k.ended_at is not null and (p.account_id = $2 or m.user_id is not null or $4)

-- name: segments
select a.id, a.name, a.created_at from audiences a
where a.project_id = $1 and ($2::text = '' or a.name ilike '%' || $2 || '%')

-- name: contacts
select audience_id as id, count(*) as count from contacts where audience_id = any($1::bigint[]) group by audience_id

-- name: scenarios
select s.id, s.name, s.created_at from scenarios s
where s.project_id = $1 and ($2::text = '' or s.name ilike '%' || $2 || '%')

-- name: uses
select scenario_id as id, count(*) as count from campaigns where scenario_id = any($1::bigint[]) and project_id = $2
group by scenario_id

-- name: days
-- $2: the reader's zone, whose days are counted.
select (k.ended_at at time zone $2)::date as day, count(*) as calls,
       count(*) filter (where k.outcome = 'answered') as answered,
       count(*) filter (where k.result = 'lead') as leads, sum(k.cost) as spent
from campaigns c join calls k on k.campaign_id = c.id
where c.project_id = $1 and k.ended_at >= $3 and k.ended_at < $4
group by 1 order by 1

-- name: numbers
select n.id, n.phone,
       (select count(*) from campaigns c where c.account_id = n.account_id and n.phone = any(c.caller_ids)) as campaigns
from caller_ids n where n.account_id = $1

-- name: transactions
select p.journal_id as id, j.created_at, j.comment, p.amount
from ledger_accounts a
join ledger_postings p on p.ledger_account_id = a.id
join ledger_journals j on j.id = p.journal_id
where a.account_id = $1
  and ($2::timestamptz is null or j.created_at >= $2) and ($3::timestamptz is null or j.created_at < $3)

-- name: top_ups
select p.journal_id as id, j.created_at, j.comment, p.amount
from ledger_accounts a
join ledger_postings p on p.ledger_account_id = a.id
join ledger_journals j on j.id = p.journal_id
where a.account_id = $1 and p.amount > 0 and exists (
    select from ledger_postings o join ledger_accounts x on x.id = o.ledger_account_id
    where o.journal_id = p.journal_id and x.code like 'cash:%'
)

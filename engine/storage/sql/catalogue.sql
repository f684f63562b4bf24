-- name: create_account
with account as (insert into accounts (name) values ($1) returning id)
insert into ledger_accounts (code, account_id) select 'customer:' || id, id from account returning account_id

-- name: top_up
select ledger_move($2, 'cash:topup', 'customer:' || $1::bigint, $3, $4)

-- name: create_project
insert into projects (account_id, name) values ($1, $2) returning id

-- name: create_audience
insert into audiences (project_id, name) values ($1, $2) returning id

-- name: create_scenario
insert into scenarios (project_id, name, document) values ($1, $2, $3) returning id

-- name: set_trunk
insert into trunks (name, max_channels, calls_per_second) values ($1, $2, $3)
on conflict (name) do update set max_channels = excluded.max_channels, calls_per_second = excluded.calls_per_second
returning id

-- name: add_caller_id
insert into caller_ids (phone, account_id, carousel) values ($1, $2, $3) on conflict (phone) do nothing

-- name: create_campaign
insert into campaigns (project_id, account_id, name, scenario_id, audience_id, trunk_id, caller_ids, per_hour, burst,
                       max_channels, answer_timeout_s, action_timeout_s, longest_call_s, per_minute, hold, max_leads,
                       max_spend, record, retry, call_window)
select p.id, p.account_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19
from projects p where p.id = $1 returning id

-- name: balance
select balance from ledger_accounts where account_id = $1

-- name: projects
select id, created_at, name from projects where account_id = $1 and archived_at is null order by id desc limit 3

-- name: money
-- The tariff is what the account's campaigns pay for a minute: the newest twenty tell it.
select coalesce((select balance from ledger_accounts where account_id = $1), 0) as balance,
       min(per_minute) as least, max(per_minute) as most
from (select per_minute from campaigns where account_id = $1 order by id desc limit 20) c

-- name: manager
select m.name, m.surname, m.email, m.phone
from users u join users m on m.id = u.manager_id where u.id = $1 and m.deleted_at is null

-- name: system
select (select count(*) from cells where seen_at > now() - interval '15 seconds') as engines,
       (select count(*) from campaigns where state = 'running') as campaigns,
       (select count(*) from calls where ended_at is null) as calls,
       (select count(*) from users where deleted_at is null and role = 'customer') as customers

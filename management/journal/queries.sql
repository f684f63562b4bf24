-- name: all
-- $1 a part of who's e-mail, $2 user, $3 action, $4 account, $5 and $6 from and to.
select a.id, a.at, a.account_id as account, a.user_id as user, u.email, u.role::text as role, a.key_id as key,
       host(a.ip) as ip, a.action, a.object_id, a.before, a.after
from audit a left join users u on u.id = a.user_id
where ($1::text = '' or u.email ilike '%' || $1 || '%') and ($2::bigint is null or a.user_id = $2)
  and ($3::text = '' or a.action = $3) and ($4::bigint is null or a.account_id = $4)
  and ($5::timestamptz is null or a.at >= $5) and ($6::timestamptz is null or a.at < $6)

-- name: own
-- What was done to the account's data ($1), and what its user ($2) did elsewhere. $3 action, $4 and $5 from and to.
select j.id, j.at, j.account_id as account, j.user_id as user, u.email, u.role::text as role, u.account_id as home, j.key_id as key,
       host(j.ip) as ip, j.action, j.object_id, j.before, j.after
from (
    (select a.* from audit a
     where a.account_id = $1 and ($3::text = '' or a.action = $3)
       and ($4::timestamptz is null or a.at >= $4) and ($5::timestamptz is null or a.at < $5) {beside})
    union all
    (select a.* from audit a
     where a.user_id = $2 and a.account_id is distinct from $1 and ($3 = '' or a.action = $3)
       and ($4::timestamptz is null or a.at >= $4) and ($5::timestamptz is null or a.at < $5) {beside})
) j left join users u on u.id = j.user_id

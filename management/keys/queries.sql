-- name: keys
select id, name, prefix, scopes, created_at, expires_at, last_used_at, host(last_ip) as last_ip, revoked_at,
       expires_at is not null and expires_at <= now() as expired
from api_keys where user_id = $1 order by (revoked_at is not null or coalesce(expires_at <= now(), false)), id desc limit $2

-- name: hold_user
select id from users where id = $1 for no key update

-- name: count_active
select count(*) from api_keys where user_id = $1 and revoked_at is null and (expires_at is null or expires_at > now())

-- name: create
insert into api_keys (user_id, name, prefix, token, scopes, expires_at)
values ($1, $2, $3, $4, $5, now() + make_interval(days => $6::int)) returning id, expires_at

-- name: revoke
update api_keys set revoked_at = now() where id = $1 and user_id = $2 and revoked_at is null returning name, prefix

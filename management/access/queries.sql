-- name: session_caller
-- A session that waits for its second factor is nobody's yet. Use is written once a minute: not every request is a write. It puts
-- the end off by the idle time: $5 of a customer, $6 of staff, but not beyond $4 from the beginning. $3: this is use.
with session as (
    select id, user_id, seen_at from sessions where token = $1 and expires_at > now() and not second_factor
), seen as (
    update sessions set seen_at = now(), ip = $2::text::inet,
        expires_at = least(sessions.created_at + make_interval(secs => $4),
                           now() + make_interval(secs => case when u.role = 'customer' then $5::float8 else $6 end))
    from session join users u on u.id = session.user_id
    where $3 and sessions.id = session.id and session.seen_at < now() - interval '1 minute'
)
select session.id as session, u.id as user, u.account_id as account, u.role, u.email, u.language, u.zone, u.avatar,
       u.surname, u.name
from session join users u on u.id = session.user_id and u.blocked_at is null and u.deleted_at is null

-- name: key_caller
select k.id as key, k.scopes, u.id as user, u.account_id as account, u.role, u.email, u.language, u.zone, u.avatar,
       u.surname, u.name
from api_keys k join users u on u.id = k.user_id and u.blocked_at is null and u.deleted_at is null
where k.token = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())

-- name: keys_used
update api_keys set last_used_at = used.at, last_ip = used.ip::inet
from unnest($1::bigint[], $2::timestamptz[], $3::text[]) as used(id, at, ip) where api_keys.id = used.id

-- name: open_session
-- $6 at most, whatever the idle time.
insert into sessions (token, user_id, second_factor, ip, agent, expires_at)
select $1, u.id, $3, $4::text::inet, $5,
       now() + make_interval(secs => least($6, case when u.role = 'customer' then $7::float8 else $8 end))
from users u where u.id = $2 returning id

-- name: close_session
delete from sessions where token = $1

-- name: forget_users
select pg_notify('dozvon_access', '')

-- name: throttle
select throttle($1, make_interval(secs => $2), $3)

-- name: hold_failures
-- How many in a row and how long ago, 0 when that is forgotten. Others wait until the transaction ends.
insert into failures as f (key, count, last_at) values ($1, 0, clock_timestamp())
on conflict (key) do update set
    count = case when f.last_at < clock_timestamp() - make_interval(secs => $2) then 0 else f.count end
returning count, extract(epoch from clock_timestamp() - last_at)::float8 as ago

-- name: count_failure
update failures set count = $2, last_at = clock_timestamp() where key = $1

-- name: succeeded
delete from failures where key = $1

-- name: issue
insert into one_time_tokens (purpose, token, user_id, payload, expires_at)
values ($1, $2, $3, $4, now() + make_interval(secs => $5))

-- name: withdraw
-- A new link or code makes the former ones of its purpose worthless.
update one_time_tokens set used_at = now() where user_id = $1 and purpose = $2 and used_at is null

-- name: redeem
update one_time_tokens set used_at = now()
where token = $1 and purpose = $2 and used_at is null and expires_at > now()
returning user_id, payload

-- name: peek
select user_id, payload from one_time_tokens
where token = $1 and purpose = $2 and used_at is null and expires_at > now()

-- name: try_code
-- One try less, right or wrong; the code itself is compared with what comes back.
update one_time_tokens set tries_left = tries_left - 1
where id = (select id from one_time_tokens where user_id = $1 and purpose = $2 and used_at is null
            and expires_at > now() and tries_left > 0 order by id desc limit 1)
returning id, token, payload, tries_left

-- name: spend_code
update one_time_tokens set used_at = now() where id = $1 and used_at is null returning id

-- name: audit
insert into audit (account_id, user_id, key_id, ip, action, object, object_id, before, after)
values ($1, $2, $3, $4::text::inet, $5, $6, $7, $8, $9)

-- name: begin_idempotent
-- No row: somebody else holds the key, or it has been answered. One whose lease ran out died; what was answered is kept for a day.
insert into idempotency as known (user_id, key, request, holder, held_until)
values ($1, $2, $3, $4, now() + make_interval(secs => $5))
on conflict (user_id, key) do update set request = excluded.request, holder = excluded.holder, held_until = excluded.held_until,
    created_at = now(), status = null, headers = '{}', body = null
    where known.held_until < now() and (known.status is null or known.created_at < now() - interval '1 day')
returning key

-- name: idempotent
select request, status, headers, body from idempotency where user_id = $1 and key = $2

-- name: renew_idempotent
update idempotency set held_until = now() + make_interval(secs => $4)
where user_id = $1 and key = $2 and holder = $3 and status is null returning key

-- name: end_idempotent
update idempotency set status = $4, headers = $5, body = $6, held_until = now()
where user_id = $1 and key = $2 and holder = $3 and status is null

-- name: drop_idempotent
delete from idempotency where user_id = $1 and key = $2 and holder = $3 and status is null

-- name: forget_idempotent
-- Some at a time, so that no request pays for all of a busy day.
delete from idempotency where (user_id, key) in (
    select user_id, key from idempotency where created_at < now() - interval '1 day' and held_until < now()
    limit 100 for update skip locked)

-- name: hold_address
select pg_advisory_xact_lock(hashtextextended($1, 4))

-- name: create_user
insert into users (account_id, role, email, password, language, email_confirmed_at)
values ($1, $2::text::user_role, $3, $4, $5, case when $6 then now() end) returning id

-- name: place
-- $1 project, $2 account, $3 user, $4 whether he sees all.
select p.id, p.name, p.archived_at is not null as archived,
       case when p.account_id = $2 then 'own' else coalesce(m."right"::text, 'view') end as access
from projects p left join project_members m on m.project_id = p.id and m.user_id = $3
where p.id = $1 and (p.account_id = $2 or m.user_id is not null or $4)

-- name: places
select id from projects where account_id = $1 union select project_id from project_members where user_id = $2

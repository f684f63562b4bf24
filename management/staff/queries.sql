-- name: users
-- $1 a part of the e-mail or of a name, $2 role, $3 state.
select * from (
    select u.id, u.created_at, u.email, concat_ws(' ', nullif(u.surname, ''), nullif(u.name, ''), nullif(u.patronymic, '')) as name,
           u.role::text as role,
           case when u.deleted_at is not null then 'deleted' when u.blocked_at is not null then 'blocked'
                when u.email_confirmed_at is null then 'unconfirmed' else 'active' end as state
    from users u
) u
where ($1::text = '' or u.email ilike '%' || $1 || '%' or u.name ilike '%' || $1 || '%')
  and ($2::text = '' or u.role = $2) and ($3::text = '' or u.state = $3)

-- name: seen
-- When each was last there; the journal knows it of those without a session.
select u.id, coalesce((select max(s.seen_at) from sessions s where s.user_id = u.id),
                      (select max(a.at) from audit a where a.user_id = u.id and a.action = 'session.opened')) as at
from unnest($1::bigint[]) as u (id)

-- name: user
select u.id, u.account_id as account, a.name as account_name, u.role::text as role, u.email, u.email_confirmed_at, u.phone,
       u.phone_confirmed_at, u.surname, u.name, u.patronymic, u.language, u.zone, u.avatar, u.password is not null as has_password,
       u.totp_at, u.blocked_at, u.deleted_at, u.created_at,
       (select count(*) from projects p where p.account_id = u.account_id) as projects,
       (select count(*) from campaigns c where c.account_id = u.account_id) as campaigns,
       (select balance from ledger_accounts l where l.account_id = u.account_id) as balance
from users u join accounts a on a.id = u.account_id where u.id = $1

-- name: sessions
select host(ip) as ip, agent, created_at, seen_at from sessions
where user_id = $1 and not second_factor and expires_at > now() order by seen_at desc limit 50

-- name: sign_ins
select at, host(ip) as ip, after ->> 'way' as way, after ->> 'device' as device from audit
where user_id = $1 and action = 'session.opened' order by id desc limit 10

-- name: hold
-- Both, always in the same order: two who change each other wait, and the second sees what the first did.
select id, account_id as account, role::text as role, email, language, email_confirmed_at is not null as confirmed,
       blocked_at is not null as blocked, deleted_at is not null as deleted
from users where id = any($1::bigint[]) order by id for no key update

-- name: block
update users set blocked_at = now(), version = version + 1 where id = $1

-- name: unblock
update users set blocked_at = null, version = version + 1 where id = $1

-- name: set_role
update users set role = $2::text::user_role, version = version + 1 where id = $1

-- name: end_sessions
with ended as (delete from sessions where user_id = $1 returning 1) select count(*) from ended

-- name: withdraw_links
update one_time_tokens set used_at = now() where user_id = $1 and used_at is null

-- name: revoke_keys
update api_keys set revoked_at = now() where user_id = $1 and revoked_at is null returning id, name, prefix

-- name: known
select id from users where email = $1 and deleted_at is null

-- name: account_of
select account_id from users where id = $1

-- name: jobs
-- $1 kind, $2 state. What is known of its last failed try stands in PgQueuer's log.
select * from (
    select j.id, j.entrypoint as kind, j.created, j.updated, j.execute_after as due, j.attempts,
           case when j.status = 'failed' then 'dead' when j.status = 'picked' then 'running'
                when j.execute_after > now() then 'later' else 'waiting' end as state,
           coalesce(l.traceback ->> 'exception_type', '') as error_type,
           coalesce(l.traceback ->> 'exception_message', '') as error_text
    from pgqueuer j left join lateral (
        select traceback from pgqueuer_log where job_id = j.id and traceback is not null order by id desc limit 1
    ) l on true
) j
where ($1::text = '' or j.kind = $1) and ($2::text = '' or j.state = $2)

-- name: job
select j.id, j.entrypoint as kind, j.created, j.updated, j.execute_after as due, j.attempts, j.payload,
       case when j.status = 'failed' then 'dead' when j.status = 'picked' then 'running'
            when j.execute_after > now() then 'later' else 'waiting' end as state,
       coalesce(l.traceback ->> 'exception_type', '') as error_type,
       coalesce(l.traceback ->> 'exception_message', '') as error_text, coalesce(l.traceback ->> 'traceback', '') as traceback
from pgqueuer j left join lateral (
    select traceback from pgqueuer_log where job_id = j.id and traceback is not null order by id desc limit 1
) l on true
where j.id = $1

-- name: queues
select entrypoint as kind, count(*) filter (where status = 'queued' and execute_after <= now()) as waiting,
       count(*) filter (where status = 'queued' and execute_after > now()) as later,
       count(*) filter (where status = 'picked') as running, count(*) filter (where status = 'failed') as dead,
       coalesce(extract(epoch from now() - min(execute_after) filter (where status = 'queued' and execute_after <= now())), 0)::float8
           as oldest_s
from pgqueuer group by entrypoint order by entrypoint

-- name: messages
-- $1 a part of the recipient, $2 kind, $3 state.
select m.id, m.created_at, m.kind::text as kind, m.recipient, m.subject, m.state::text as state, m.attempts, m.error
from messages m
where ($1::text = '' or m.recipient ilike '%' || $1 || '%') and ($2::text = '' or m.kind::text = $2)
  and ($3::text = '' or m.state::text = $3)

-- name: profile
select id, email, email_confirmed_at, phone, phone_confirmed_at, surname, name, patronymic, sex, avatar, language, zone,
       created_at, version
from users where id = $1 and deleted_at is null

-- name: change
update users set surname = $3, name = $4, patronymic = $5, sex = $6, language = $7, zone = $8, version = version + 1
where id = $1 and version = $2 and deleted_at is null returning version

-- name: set_avatar
-- What it was comes back, so that its files can be deleted.
update users u set avatar = $2, avatar_small = $3 from users was where u.id = $1 and was.id = u.id
returning was.avatar, was.avatar_small

-- name: avatar
-- $2: whoever looks; $3: he sees all users. Else his own, and of those with whom he shares a project.
select case when $4 then u.avatar else u.avatar_small end from users u
where u.id = $1 and u.deleted_at is null and (
    u.id = $2 or $3
    or exists (select 1 from project_members m join projects p on p.id = m.project_id
               join users o on o.account_id = p.account_id
               where (m.user_id = u.id and o.id = $2) or (m.user_id = $2 and o.id = u.id))
    or exists (select 1 from project_members a join project_members b on b.project_id = a.project_id
               where a.user_id = u.id and b.user_id = $2))

-- name: password
select password from users where id = $1 and deleted_at is null

-- name: set_password
update users set password = $2, version = version + 1 where id = $1

-- name: withdraw_all
-- Links and codes that were sent before must not undo what was changed.
update one_time_tokens set used_at = now() where user_id = $1 and used_at is null

-- name: email_taken
select exists (select 1 from users where email = $1 and deleted_at is null)

-- name: pending
-- What was asked for last and can still be confirmed.
select payload, created_at, expires_at, tries_left from one_time_tokens
where user_id = $1 and purpose = $2 and used_at is null and expires_at > now() and tries_left > 0 order by id desc limit 1

-- name: active_user
select id, account_id, email, language, zone from users
where id = $1 and deleted_at is null and blocked_at is null for update

-- name: lock_leaving
select pg_advisory_xact_lock(hashtext('dozvon.leaving'))

-- name: only_admin
select u.role = 'admin' and not exists (
    select from users o where o.role = 'admin' and o.id <> u.id and o.email_confirmed_at is not null and o.blocked_at is null
                          and o.deleted_at is null)
from users u where u.id = $1

-- name: set_email
update users set email = $2, email_confirmed_at = now(), version = version + 1 where id = $1

-- name: join_projects
-- Whom somebody invited by this address is now known to be he.
with invited as (delete from project_invitations where email = $1 returning project_id, "right")
insert into project_members (project_id, user_id, "right")
select i.project_id, $2, i."right" from invited i join projects p on p.id = i.project_id and p.account_id <> $3
on conflict (project_id, user_id) do nothing

-- name: set_phone
update users u set phone = $2, phone_confirmed_at = now(), version = u.version + 1 from users was
where u.id = $1 and was.id = u.id returning was.phone

-- name: remember_campaign
update one_time_tokens set payload = payload || jsonb_build_object('campaign', $3::bigint)
where user_id = $1 and purpose = $2 and used_at is null

-- name: hold_codes
-- Of two who ask at once the second counts the first.
select pg_advisory_xact_lock(hashtextextended($1, 5))

-- name: codes_of_user
-- $2 codes a day: seconds until he may have another; no row: now.
select extract(epoch from at + interval '1 day' - now())::float8 from audit
where user_id = $1 and action = 'user.phone_asked' and at > now() - interval '1 day' order by at desc offset $2 - 1 limit 1

-- name: codes_of_phone
select extract(epoch from at + interval '1 day' - now())::float8 from audit
where after ->> 'phone' = $1 and action = 'user.phone_asked' and at > now() - interval '1 day' order by at desc offset $2 - 1 limit 1

-- name: call
-- How the campaign of one call goes: its own state, and the call's once there is one.
select c.state as campaign_state, k.state, k.outcome, extract(epoch from now() - c.started_at)::float8 as age_s
from campaigns c left join calls k on k.campaign_id = c.id and k.run = c.run
where c.id = $1 and c.account_id = (select id from accounts where system)
order by k.attempt desc limit 1

-- name: line
-- The trunk by which the installation itself calls ($1, or the only one there is), and the number shown ($2, or one of the
-- carousel). No row: it cannot call.
select t.id as trunk, coalesce(nullif($2::text, ''), (select min(phone) from caller_ids where carousel and account_id is null)) as caller
from trunks t
where case when $1::text = '' then (select count(*) from trunks) = 1 else t.name = $1 end
  and ($2 <> '' or exists (select 1 from caller_ids where carousel and account_id is null))

-- name: lock_system
select pg_advisory_xact_lock(hashtext('dozvon.system'))

-- name: system_account
select id from accounts where system

-- name: make_system
update accounts set system = true where id = $1

-- name: system_project
select id from projects where account_id = $1 and name = $2

-- name: same_scenario
select id from scenarios where project_id = $1 and document = $2

-- name: forget_code
-- The number stays, for the count of calls; the code does not.
update contacts set fields = '{}' from campaigns c
where c.id = $1 and contacts.audience_id = c.audience_id and c.account_id = (select id from accounts where system)

-- name: sessions
select id, host(ip) as ip, agent, created_at, seen_at from sessions
where user_id = $1 and not second_factor and expires_at > now() order by id = $2 desc, seen_at desc limit 200

-- name: end_session
delete from sessions where id = $1 and user_id = $2 returning agent

-- name: end_other_sessions
with ended as (delete from sessions where user_id = $1 and id is distinct from $2 returning 1) select count(*) from ended

-- name: exports
select id, state, done, total, created_at, result is not null as ready, error_text, error_params from tasks
where user_id = $1 and account_id = $2 and kind = 'profile.export' order by created_at desc limit 5

-- name: export_runs
select exists (select 1 from tasks where user_id = $1 and account_id = $2 and kind = 'profile.export'
               and state in ('queued', 'running'))

-- name: task_owner
select user_id, account_id from tasks where id = $1

-- name: drop_result
update tasks t set result = null from tasks was where t.id = $1 and was.id = t.id returning was.result

-- name: results
update tasks t set result = null from tasks was
where t.user_id = $1 and t.kind = 'profile.export' and was.id = t.id and was.result is not null returning was.result

-- name: busy
-- Campaigns of his that run, and calls that are not over.
select (select count(*) from campaigns where account_id = $1 and state = 'running')
     + (select count(*) from calls where account_id = $1 and ended_at is null)

-- name: export_profile
select id, email, email_confirmed_at, phone, phone_confirmed_at, surname, name, patronymic, sex, language, zone,
       totp_at as two_factor_since, role::text as role, created_at
from users where id = $1

-- name: export_consents
select document, version, at, host(ip) as ip, agent from consents where user_id = $1 order by id

-- name: export_sessions
select created_at, seen_at, expires_at, host(ip) as ip, agent from sessions where user_id = $1 order by id

-- name: export_keys
select name, prefix, scopes, created_at, expires_at, last_used_at, host(last_ip) as last_ip, revoked_at
from api_keys where user_id = $1 order by id

-- name: export_projects
select p.id, p.name, p.description, 'own' as access, p.created_at, p.archived_at
from projects p join users u on u.account_id = p.account_id where u.id = $1
union all
select p.id, p.name, p.description, m."right"::text, m.created_at, p.archived_at
from project_members m join projects p on p.id = m.project_id where m.user_id = $1
order by 1

-- name: export_messages
select kind::text as kind, recipient, subject, state::text as state, created_at, sent_at from messages
where user_id = $1 order by created_at, id

-- name: export_journal
select id, at, host(ip) as ip, action, object, object_id, before, after from audit where user_id = $1 order by id

-- name: export_money
select j.created_at, p.amount, j.comment
from ledger_postings p join ledger_journals j on j.id = p.journal_id
join ledger_accounts a on a.id = p.ledger_account_id join users u on u.account_id = a.account_id
where u.id = $1 order by j.id

-- name: export_calls
-- What his campaigns called, a line for each campaign and day.
select c.id as campaign, c.name, (k.claimed_at at time zone u.zone)::date as day, count(*) as calls,
       count(*) filter (where k.outcome = 'answered') as answered, count(*) filter (where k.result = 'lead') as leads,
       coalesce(sum(k.cost), 0) as cost
from users u join campaigns c on c.account_id = u.account_id join calls k on k.campaign_id = c.id
where u.id = $1 group by c.id, c.name, day order by c.id, day

-- name: wipe
-- The row stays for the journal and the ledger; of the person nothing is left in it.
update users set email = 'deleted-' || id || '@deleted.invalid', email_confirmed_at = null, password = null, phone = null,
       phone_confirmed_at = null, surname = '', name = '', patronymic = '', sex = null, avatar = null, avatar_small = null,
       totp_secret = null, totp_at = null, deleted_at = now(), version = version + 1
where id = $1 and deleted_at is null returning id

-- name: files_of
select avatar, avatar_small from users where id = $1

-- name: wipe_sessions
delete from sessions where user_id = $1

-- name: wipe_tokens
delete from one_time_tokens where user_id = $1

-- name: wipe_recovery_codes
delete from recovery_codes where user_id = $1

-- name: wipe_keys
update api_keys set revoked_at = coalesce(revoked_at, now()), name = '', last_ip = null where user_id = $1

-- name: wipe_answers
delete from idempotency where user_id = $1

-- name: wipe_messages
delete from messages where user_id = $1 or recipient = (select email from users where id = $1)

-- name: wipe_shares
delete from project_members m using users u, projects p
where u.id = $1 and p.id = m.project_id and (m.user_id = u.id or p.account_id = u.account_id)

-- name: wipe_invitations
delete from project_invitations where invited_by = $1

-- name: alone
-- Nobody else belongs to this account.
select not exists (select 1 from users where account_id = $1 and id <> $2 and deleted_at is null)

-- name: wipe_account
update accounts set name = '' where id = $1

-- name: archive_projects
update projects set archived_at = now(), version = version + 1 where account_id = $1 and archived_at is null

-- name: by_email
select id, account_id, role::text, email, email_confirmed_at is not null as confirmed, blocked_at is not null as blocked, password,
       language, zone, totp_at is not null as two_factor
from users where email = $1 and deleted_at is null

-- name: by_id
select id, account_id, role::text, email, email_confirmed_at is not null as confirmed, blocked_at is not null as blocked, password,
       language, zone, totp_at is not null as two_factor
from users where id = $1 and deleted_at is null

-- name: hold
-- Until the transaction ends nobody else changes this user, nor may a link be used twice at once.
select id from users where id = $1 for no key update

-- name: first_admin
select id from users
where role = 'admin' and email_confirmed_at is not null and blocked_at is null and deleted_at is null order by id limit 1

-- name: owner_of
select id from users where account_id = $1 and deleted_at is null order by id limit 1

-- name: set_password
update users set password = $2, version = version + 1 where id = $1

-- name: still_enters
-- While the password was compared it may have been changed, or he blocked. Who does that now waits, and ends this session too.
select id from users where id = $1 and password = $2 and blocked_at is null and deleted_at is null for no key update

-- name: rehash
update users set password = $3 where id = $1 and password = $2

-- name: consent
insert into consents (user_id, document, version, ip, agent) values ($1, $2, $3, $4::text::inet, $5)

-- name: promo_known
select exists (select from promo_codes where code = $1 and uses_left > 0 and (valid_until is null or valid_until > now()))

-- name: use_promo
update promo_codes set uses_left = uses_left - 1
where code = $1 and uses_left > 0 and (valid_until is null or valid_until > now()) returning bonus

-- name: credit_bonus
select ledger_move('promo:' || $1::bigint, 'expense:promo', 'customer:' || $2::bigint, $3, $4)

-- name: confirm
update users set email_confirmed_at = now(), version = version + 1 where id = $1 and email_confirmed_at is null returning id

-- name: accept_invitations
-- An invitation to a project of his own, or to one he is a member of already, adds nothing.
with invited as (delete from project_invitations where email = $2 returning project_id, "right"),
joined as (
    insert into project_members (project_id, user_id, "right")
    select i.project_id, $1, i."right" from invited i join projects p on p.id = i.project_id where p.account_id <> $3
    on conflict do nothing returning project_id, "right"
)
select j.project_id, j."right"::text, p.account_id from joined j join projects p on p.id = j.project_id

-- name: last_payload
select payload from one_time_tokens where user_id = $1 and purpose = $2 order by id desc limit 1

-- name: posted
select exists (select from messages where key = $1)

-- name: withdraw_all
update one_time_tokens set used_at = now() where user_id = $1 and used_at is null

-- name: end_sessions
delete from sessions where user_id = $1

-- name: half_session
select id, user_id from sessions where token = $1 and second_factor and expires_at > now()

-- name: end_session
delete from sessions where id = $1 returning id

-- name: end_half_sessions
delete from sessions where user_id = $1 and second_factor

-- name: signed_in_before
-- No rows: never. Else whether with this kind of device.
select bool_or(after->>'device' = $2) as same from audit where user_id = $1 and action = 'session.opened'

-- name: failures
select count from failures where key = $1

-- name: factor
select totp_secret, totp_at, password is not null as has_password,
       (select count(*) from recovery_codes c where c.user_id = u.id and c.used_at is null) as codes_left
from users u where id = $1

-- name: begin_factor
update users set totp_secret = $2, totp_step = 0 where id = $1 and totp_at is null and totp_secret is null

-- name: leave_factor
update users set totp_secret = null where id = $1 and totp_at is null

-- name: take_step
-- A code serves once: its step must be later than that of the last code.
update users set totp_step = $2 where id = $1 and totp_step < $2 returning id

-- name: enable_factor
update users set totp_at = now(), version = version + 1 where id = $1 and totp_at is null and totp_secret is not null returning id

-- name: disable_factor
update users set totp_at = null, totp_secret = null, totp_step = 0, version = version + 1
where id = $1 and totp_at is not null returning id

-- name: forget_codes
delete from recovery_codes where user_id = $1

-- name: add_codes
insert into recovery_codes (user_id, code) select $1, unnest($2::bytea[])

-- name: use_code
update recovery_codes set used_at = now() where user_id = $1 and code = $2 and used_at is null returning user_id

-- name: account_there
select id from accounts where id = $1

-- name: post
insert into messages (key, kind, account_id, user_id, recipient, subject, text, html, language)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (key) do nothing returning id

-- name: take
-- One that was sent is not sent again, however often its job runs.
update messages set attempts = attempts + 1 where id = $1 and state in ('queued', 'failed') returning *

-- name: sent
update messages set state = 'sent', sent_at = now(), error = '', text = '', html = '' where id = $1

-- name: local
update messages set state = 'local', error = '' where id = $1 and state in ('queued', 'failed')

-- name: failed
update messages set state = 'failed', error = $2 where id = $1 and state in ('queued', 'failed')

-- name: tried
update messages set state = 'queued', error = $2 where id = $1 and state in ('queued', 'failed')

-- name: again
update messages set state = 'queued', error = '' where id = $1 and state in ('failed', 'local') returning id

-- name: list
select * from messages
where ($1::bigint is null or account_id = $1)
  and ($2::message_state is null or state = $2)
  and ($3::timestamptz is null or (created_at, id) < ($3, $4::uuid))
order by created_at desc, id desc limit $5

-- name: get
select * from messages where id = $1 and ($2::bigint is null or account_id = $2)

-- name: dialing
-- A repetition, after an answer that was lost with the connection, finds its own write.
with call as (
    update calls set state = 'dialing', caller_id = given.caller_id, started_at = given.at
    from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as given(id, caller_id, at)
    where calls.id = given.id and (state = 'claimed' or state = 'dialing' and started_at = given.at)
    returning calls.id, campaign_id, contact_id, calls.caller_id, started_at
), contact as (
    update campaign_contacts cc set last_caller = call.caller_id from call
    where cc.campaign_id = call.campaign_id and cc.contact_id = call.contact_id
)
select id, started_at from call

-- name: announce
select announce_calls($1)

-- name: release
select release_call($1)

-- name: ringing
-- Recovery does not need it, so its commit need not wait for the disk; nor the next one's.
update calls set state = 'ringing', ringing_at = given.at
from set_config('synchronous_commit', 'off', true), unnest($1::uuid[], $2::timestamptz[]) as given(id, at)
where calls.id = given.id and state = 'dialing'

-- name: answered
update calls set state = 'answered', answered_at = $2
from set_config('synchronous_commit', 'off', true) where id = $1 and state in ('dialing', 'ringing')

-- name: mark
select mark_call($1, $2, $3, $4, $5, $6, $7, $8, $9, $10), keep_turns(id, $11, '')
from calls where id = $1 and state <> 'ended'

-- name: finish
-- Recordings follow when they are converted ("recorded"). A row for each call that had not ended before.
select id, keep_turns(id, given.turns::jsonb, given.early)
from unnest(finish_calls($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)) as now(id)
join unnest($1::uuid[], $15::text[], $16::text[]) as given(id, turns, early) using (id)

-- name: history
select outcome, result, carousel from calls
where campaign_id = $1 and contact_id = $2 and run = $3 and state = 'ended' order by attempt

-- name: abandoned
-- Open attempts of this cell, but not those claimed in the last $3 seconds (their tasks are about to begin), and of
-- cells that have not been seen for $2 seconds. Which of the cell's own are in progress only its dialer knows.
select calls.id, calls.campaign_id, calls.contact_id, calls.account_id, calls.run, calls.attempt, calls.carousel,
       calls.phone, calls.state, calls.cell_id, calls.started_at, calls.ringing_at, calls.answered_at, calls.result,
       calls.path, calls.dtmf, campaigns.per_minute, campaigns.retry
from calls join campaigns on campaigns.id = calls.campaign_id
left join cells on cells.id = calls.cell_id
where calls.ended_at is null
  and (calls.cell_id = $1 and calls.claimed_at <= now() - make_interval(secs => $3)
       or calls.cell_id <> $1 and coalesce(cells.seen_at, '-infinity') < now() - make_interval(secs => $2))
order by calls.id

-- name: unrecorded
select id from calls where id = any($1::uuid[]) and state = 'ended' and recording is null

-- name: recorded
update calls set recording = $2, recording_s = $3, recording_sha256 = $4 where id = $1 and recording is null

-- name: report
select id, phone, attempt, state, outcome, result, cause, started_at, answered_at, ended_at,
       coalesce(extract(epoch from ended_at - answered_at), 0)::float8 as duration, dtmf, path, recording, recording_s, recording_sha256, blacklisted,
       caller_id, carousel, q850, sip, machine, tags, transferred_to, hung_up_by, cost, early,
       (select jsonb_agg(turns order by n) from turns where call_id = id) as transcript
from calls where campaign_id = $1 order by claimed_at, phone, attempt

-- name: beat
insert into cells (id) values ($1) on conflict (id) do update set seen_at = now()

-- name: transcript
select turns.* from turns where call_id = $1 order by n

-- name: newest_call
-- Of a number, or the one with this id.
select id, phone, state, outcome, result, started_at, answered_at, recording, recording_s
from calls where phone = $1 or id::text = $1 order by claimed_at desc limit 1

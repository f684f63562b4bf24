-- name: running
select c.id, c.account_id, c.name, c.run, c.scenario_id, t.name as trunk, c.caller_ids, c.per_hour, c.burst,
       c.answer_timeout_s, c.action_timeout_s, c.longest_call_s, c.per_minute, c.record, c.retry, c.call_window, c.zones
from campaigns c join trunks t on t.id = c.trunk_id
where c.state = 'running' order by c.id

-- name: claim
select * from claim_contacts($1, $2, $3, $4, $5, $6)

-- name: upcoming
-- The contacts that will be claimed next, for rendering their speech ahead. No lock: a wrong guess costs one clip.
select contacts.fields from (
    select picked.* from unnest($3::text[]) as open_zone(name)
    cross join lateral (
        select cc.contact_id, cc.next_at from campaign_contacts cc
        where cc.campaign_id = $1 and cc.zone = open_zone.name and cc.state = 'waiting'
          and cc.next_at <= now() + interval '1 minute'
        order by cc.next_at, cc.contact_id limit $2
    ) as picked
    order by picked.next_at, picked.contact_id limit $2
) as soon join contacts on contacts.id = soon.contact_id

-- name: next_due
select min(first.next_at) from unnest($2::text[]) as open_zone(name)
cross join lateral (
    select cc.next_at from campaign_contacts cc
    where cc.campaign_id = $1 and cc.zone = open_zone.name and cc.state = 'waiting'
    order by cc.next_at, cc.contact_id limit 1
) as first

-- name: finish_if_done
update campaigns set state = 'finished', reason = '', reason_text = '', ended_at = now()
where id = $1 and state = 'running'
  and not exists (select 1 from campaign_contacts where campaign_id = $1 and state = 'waiting')
  and not exists (select 1 from campaign_contacts where campaign_id = $1 and state = 'calling')
returning id

-- name: hold_open_calls
-- Before a start, and before anything else is locked (calls' ends lock the call first): a call ends either before the new run
-- is filled, or after it.
select id from calls where campaign_id = $1 and ended_at is null order by id for update

-- name: start
-- From a draft or a stopped campaign: from the beginning, as the manual has it.
update campaigns set state = 'running', reason = '', reason_text = '', started_at = now(), ended_at = null,
       run = case when state = 'stopped' then run + 1 else run end, pace_tat = null, leads = 0, spent = 0
where id = $1 and state in ('draft', 'stopped') returning run

-- name: fill
-- Who is still on the line from the run before is 'calling': it will wait when that call has ended (free_contact).
insert into campaign_contacts (campaign_id, contact_id, phone, zone, state, reason)
select c.id, contacts.id, contacts.phone, coalesce(contacts.zone, ''),
       (case when b.phone is not null then 'blocked'
             when exists (select 1 from calls o where o.campaign_id = c.id and o.contact_id = contacts.id
                          and o.ended_at is null) then 'calling'
             else 'waiting' end)::contact_state,
       case when b.phone is null then '' else 'blacklist' end
from campaigns c
join contacts on contacts.audience_id = c.audience_id
left join blacklist b on b.account_id = c.account_id and b.phone = contacts.phone
where c.id = $1
on conflict (campaign_id, contact_id) do update
    set state = excluded.state, reason = excluded.reason, attempts = 0, next_at = '-infinity', carousel = false

-- name: analyze
-- Until its statistics are known, looking for the next contacts reads the whole audience.
analyze campaign_contacts

-- name: set_zones
update campaigns set zones = coalesce(
    (select array_agg(distinct zone) from campaign_contacts where campaign_id = $1), '{}') where id = $1

-- name: pause
update campaigns set state = 'paused', reason = $2, reason_text = $3 where id = $1 and state = 'running' returning id

-- name: resume
update campaigns set state = 'running', reason = '', reason_text = '', pace_tat = null
where id = $1 and state = 'paused' returning id

-- name: stop
update campaigns set state = 'stopped', reason = '', reason_text = '', ended_at = now()
where id = $1 and state in ('running', 'paused') returning id

-- name: restart
-- «Перезапуск»: those who did not answer are called again, the others are left alone.
update campaigns set state = 'running', reason = '', reason_text = '', run = run + 1, pace_tat = null, ended_at = null
where id = $1 and state = 'finished' returning id

-- name: refill_unanswered
update campaign_contacts set state = 'waiting', attempts = 0, next_at = '-infinity', carousel = false, reason = ''
where campaign_id = $1 and state = 'done' and last_outcome is distinct from 'answered'

-- name: explain
-- Everything that can answer «почему этот контакт ещё не обзвонен?»
select cc.state, cc.reason, cc.attempts, cc.next_at, cc.zone, cc.last_outcome,
       c.state as campaign_state, c.reason as campaign_reason, c.reason_text, c.call_window,
       (select count(*) from campaign_contacts o
         where o.campaign_id = cc.campaign_id and o.state = 'waiting' and (o.next_at, o.contact_id) < (cc.next_at, cc.contact_id)
       ) as ahead, c.per_hour
from campaign_contacts cc join campaigns c on c.id = cc.campaign_id
where cc.campaign_id = $1 and cc.contact_id = $2

-- name: progress
select c.state, c.reason, c.reason_text, c.leads, c.spent, c.per_hour,
       (select count(*) from campaign_contacts where campaign_id = c.id) as contacts,
       (select count(*) from campaign_contacts where campaign_id = c.id and state in ('done', 'blocked')) as done,
       (select count(*) from calls where campaign_id = c.id and ended_at is null) as open,
       (select count(*) from calls where campaign_id = c.id and state = 'answered') as talking,
       (select count(*) from calls where campaign_id = c.id) as attempts,
       (select count(distinct contact_id) from calls where campaign_id = c.id and result = 'lead') as lead_contacts,
       (select balance from ledger_accounts where account_id = c.account_id) as balance
from campaigns c where c.id = $1

-- name: outcomes
select outcome, result, count(*) as n, sum(cost) as cost, count(transferred_to) as transferred
from calls where campaign_id = $1 and state = 'ended' group by outcome, result

-- name: carousel
select phone from caller_ids where carousel order by phone

-- name: scenario
select document from scenarios where id = $1

-- name: contact_of_phone
select contact_id from campaign_contacts where campaign_id = $1 and phone = $2

-- name: all
select id, name, state, reason, reason_text, run, leads, spent,
       (select count(*) from campaign_contacts where campaign_id = campaigns.id) as contacts,
       (select count(*) from campaign_contacts where campaign_id = campaigns.id and state in ('done', 'blocked')) as done
from campaigns order by id desc limit 50

-- name: block_zone
update campaign_contacts set state = 'blocked', reason = 'unknown_zone'
where campaign_id = $1 and zone = $2 and state = 'waiting'

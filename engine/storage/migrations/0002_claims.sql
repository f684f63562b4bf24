-- The hot path: how much room a campaign has, and ending a call.

-- Locks the campaign, its trunk and the customer's ledger account (always in this order), then measures what is in use.
-- Two statements on purpose: a count made in the locking statement would see the time before the lock was granted.
--
-- The transaction that begins here need not wait for the disk: a claim is not dialled before its row says so (calls.sql,
-- dialing), and that commit does wait, for everything written before it. A claim lost with the server was never dialled.
create function campaign_room(p_campaign bigint)
returns table (
    state campaign_state, run int, pace_tat double precision, rate_tat double precision,
    per_hour int, burst int, calls_per_second int,
    channels_free int, trunk_free int, leads_free int, spend_free numeric, balance_free numeric, hold numeric, open_calls int, account_calls int
)
language plpgsql as $$
declare
    c campaigns; t trunks; a ledger_accounts;
    v_open int; v_undecided int; v_held numeric; v_account_open int; v_account_held numeric;
begin
    perform set_config('synchronous_commit', 'off', true);
    -- "no key": rows that refer to these may be written meanwhile
    select * into c from campaigns where campaigns.id = p_campaign for no key update;
    if not found then return; end if;
    select * into t from trunks where trunks.id = c.trunk_id for no key update;
    select * into a from ledger_accounts where account_id = c.account_id for no key update;
    select count(*) filter (where campaign_id = p_campaign),
           count(*) filter (where campaign_id = p_campaign and result is distinct from 'lead'),
           coalesce(sum(calls.hold) filter (where campaign_id = p_campaign), 0),
           count(*), coalesce(sum(calls.hold), 0)
        into v_open, v_undecided, v_held, v_account_open, v_account_held
        from calls where account_id = c.account_id and calls.state <> 'ended';
    return query select
        c.state, c.run, c.pace_tat, t.rate_tat, c.per_hour, c.burst, t.calls_per_second,
        c.max_channels - v_open,
        t.max_channels - (select coalesce(sum(legs), 0) from calls where trunk_id = t.id and calls.state <> 'ended')::int,
        c.max_leads - c.leads - v_undecided,
        c.max_spend - c.spent - v_held,
        coalesce(a.balance, 0) - v_account_held,
        c.hold, v_open, v_account_open;
end $$;

-- Facts of a running call that must outlive the engine: the path so far, a lead, a blacklisting, side effects.
create function mark_call(p_call uuid, p_path text[], p_dtmf text, p_result text, p_tags text[], p_machine text,
                          p_transferred_to text, p_blacklist boolean, p_legs int, p_effects jsonb)
returns void language plpgsql as $$
declare
    v calls;
begin
    select * into v from calls where id = p_call for update;
    if not found or v.state = 'ended' then return; end if;
    update calls set path = p_path, dtmf = p_dtmf, result = coalesce(p_result, result), tags = p_tags,
                     machine = coalesce(p_machine, machine), transferred_to = coalesce(p_transferred_to, transferred_to),
                     blacklisted = blacklisted or p_blacklist, legs = p_legs
        where id = p_call;
    if p_result = 'lead' and v.result is distinct from 'lead' then
        update campaigns set leads = leads + 1 where id = v.campaign_id;
    end if;
    if p_blacklist and not v.blacklisted then
        perform blacklist_add(v.account_id, v.phone, 'call', p_call);
    end if;
    insert into side_effects (key, call_id, kind, payload)
        select e ->> 'key', p_call, e ->> 'kind', e -> 'payload' from jsonb_array_elements(p_effects) as e
        on conflict (key) do nothing;
end $$;

-- A number that must not be called again by this account: waiting contacts with it are blocked at once.
create function blacklist_add(p_account bigint, p_phone text, p_reason text, p_call uuid) returns void
language plpgsql as $$
begin
    insert into blacklist (account_id, phone, reason, call_id) values (p_account, p_phone, p_reason, p_call)
        on conflict (account_id, phone) do nothing;
    update campaign_contacts cc set state = 'blocked', reason = 'blacklist'
        from campaigns c
        where c.id = cc.campaign_id and c.account_id = p_account and cc.phone = p_phone and cc.state = 'waiting';
end $$;

-- The end of an attempt: outcome, money, the contact's next state; once (false when it had ended before).
create function finish_call(p_call uuid, p_outcome text, p_cause text, p_q850 int, p_sip int, p_ringing timestamptz,
                            p_answered timestamptz, p_ended timestamptz, p_hung_up_by text, p_cost numeric,
                            p_recording text, p_recording_s double precision, p_recording_sha256 text,
                            p_contact_state contact_state, p_next timestamptz, p_carousel boolean, p_reason text)
returns boolean language plpgsql as $$
declare
    v calls;
begin
    select * into v from calls where id = p_call for update;
    if not found or v.state = 'ended' then return false; end if;
    update calls set state = 'ended', outcome = p_outcome, cause = p_cause, q850 = p_q850, sip = p_sip,
                     ringing_at = coalesce(p_ringing, ringing_at), answered_at = coalesce(p_answered, answered_at),
                     ended_at = p_ended, hung_up_by = p_hung_up_by, cost = p_cost,
                     recording = p_recording, recording_s = p_recording_s, recording_sha256 = p_recording_sha256
        where id = p_call;
    if p_cost > 0 then
        update campaigns set spent = spent + p_cost where id = v.campaign_id;
        perform ledger_move('call:' || p_call, 'customer:' || v.account_id, 'revenue:calls', p_cost, v.phone);
    end if;
    update campaign_contacts set
        state = case when state = 'blocked' then state
                     when exists (select 1 from blacklist b where b.account_id = v.account_id and b.phone = v.phone)
                          and p_contact_state = 'waiting' then 'blocked'
                     else p_contact_state end,
        next_at = coalesce(p_next, next_at), carousel = p_carousel, last_outcome = p_outcome, reason = p_reason
        where campaign_id = v.campaign_id and contact_id = v.contact_id
          and exists (select 1 from campaigns c where c.id = v.campaign_id and c.run = v.run);
    return true;
end $$;

-- Give a claim back that was never dialled: as if it had not been made.
create function release_call(p_call uuid) returns boolean language plpgsql as $$
declare
    v calls;
begin
    delete from calls where id = p_call and state = 'claimed' returning * into v;
    if not found then return false; end if;
    update campaign_contacts set state = case when state = 'calling' then 'waiting' else state end, attempts = attempts - 1
        where campaign_id = v.campaign_id and contact_id = v.contact_id and attempts = v.attempt
          and exists (select 1 from campaigns c where c.id = v.campaign_id and c.run = v.run);
    return true;
end $$;

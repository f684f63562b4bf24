-- A campaign may be stopped and started from the beginning while calls of the run before are still on the line. Whoever is
-- on the line then enters the new run as 'calling' (see campaigns.sql: fill), and waits for his turn when that call ends.

-- The contact of an ended or given back call of an earlier run.
create function free_contact(v calls) returns void language plpgsql as $$
begin
    update campaign_contacts cc
        set state = (case when b.phone is null then 'waiting' else 'blocked' end)::contact_state,
            reason = case when b.phone is null then '' else 'blacklist' end
        from (select v.phone as called) as one
        left join blacklist b on b.account_id = v.account_id and b.phone = one.called
        where cc.campaign_id = v.campaign_id and cc.contact_id = v.contact_id and cc.state = 'calling'
          and not exists (select 1 from calls o where o.campaign_id = v.campaign_id and o.contact_id = v.contact_id
                          and o.state <> 'ended');
end $$;

create or replace function finish_call(p_call uuid, p_outcome text, p_cause text, p_q850 int, p_sip int,
                            p_ringing timestamptz, p_answered timestamptz, p_ended timestamptz, p_hung_up_by text,
                            p_cost numeric, p_recording text, p_recording_s double precision, p_recording_sha256 text,
                            p_contact_state contact_state, p_next timestamptz, p_carousel boolean, p_reason text)
returns boolean language plpgsql as $$
declare
    v calls;
    v_black boolean;
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
    if v.run <> (select run from campaigns where id = v.campaign_id) then
        perform free_contact(v);
        return true;
    end if;
    v_black := p_contact_state = 'waiting'
        and exists (select 1 from blacklist b where b.account_id = v.account_id and b.phone = v.phone);
    update campaign_contacts set
        state = case when state = 'blocked' then state when v_black then 'blocked' else p_contact_state end,
        reason = case when state = 'blocked' then reason when v_black then 'blacklist' else p_reason end,
        next_at = coalesce(p_next, next_at), carousel = p_carousel, last_outcome = p_outcome
        where campaign_id = v.campaign_id and contact_id = v.contact_id;
    return true;
end $$;

create or replace function release_call(p_call uuid) returns boolean language plpgsql as $$
declare
    v calls;
begin
    delete from calls where id = p_call and state = 'claimed' returning * into v;
    if not found then return false; end if;
    if v.run <> (select run from campaigns where id = v.campaign_id) then
        perform free_contact(v);
        return true;
    end if;
    update campaign_contacts set state = case when state = 'calling' then 'waiting' else state end, attempts = attempts - 1
        where campaign_id = v.campaign_id and contact_id = v.contact_id and attempts = v.attempt;
    return true;
end $$;

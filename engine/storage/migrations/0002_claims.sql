-- The hot path: how much room a campaign has, and ending a call.

create type campaign_room as (
    state campaign_state, run int, pace_tat double precision, rate_tat double precision,
    per_hour int, burst int, calls_per_second int,
    channels_free int, trunk_free int, leads_free int, spend_free numeric, balance_free numeric, hold numeric, open_calls int, account_calls int
);

-- What is in use is counted from the open calls, which are few; no counter can be forgotten on the way out of a call.
-- One look at all that are open, since those of a trunk are found in no other way. STABLE: everything is seen at one moment,
-- that of the calling statement.
create function measure_room(c campaigns, t trunks, a ledger_accounts) returns campaign_room language plpgsql stable
set enable_seqscan = off  -- a plan made while there were few calls would read them all when they are many
as $$
declare
    v_open int; v_undecided int; v_held numeric; v_account_open int; v_account_held numeric; v_trunk int;
begin
    select count(*) filter (where campaign_id = c.id),
           count(*) filter (where campaign_id = c.id and result is distinct from 'lead'),
           coalesce(sum(calls.hold) filter (where campaign_id = c.id), 0),
           count(*) filter (where account_id = c.account_id),
           coalesce(sum(calls.hold) filter (where account_id = c.account_id), 0),
           coalesce(sum(legs) filter (where trunk_id = t.id), 0)
        into v_open, v_undecided, v_held, v_account_open, v_account_held, v_trunk
        from calls where ended_at is null;
    return (
        c.state, c.run, c.pace_tat, t.rate_tat, c.per_hour, c.burst, t.calls_per_second,
        c.max_channels - v_open,
        t.max_channels - v_trunk,
        c.max_leads - c.leads - v_undecided,
        c.max_spend - c.spent - v_held,
        coalesce(a.balance, 0) - v_account_held,
        c.hold, v_open, v_account_open
    )::campaign_room;
end $$;

-- engine/dialer/pacer.py (room, grant) and capacity.py (share) once more, because here nobody waits for an answer under the
-- campaign's lock. tests/integration/storage/test_granted.py proves both the same, to the last bit of the pacers' times.
create function pacer_settled(p_interval double precision, p_burst int, p_tat double precision, p_now double precision)
returns double precision language sql immutable as $$
    select case when p_tat is null or p_tat < p_now then p_now
                when p_tat > p_now + p_burst * p_interval + 2e-6 then p_now + p_burst * p_interval
                else p_tat end
$$;

-- How many calls may begin, and the pacers' new times when they do. None with settings that pacer.py refuses.
create function granted(r campaign_room, p_wanted int, p_now double precision,
                        out calls int, out pace_tat double precision, out rate_tat double precision)
language plpgsql immutable as $$
declare
    v_pace double precision := 3600::double precision / r.per_hour;
    v_rate double precision := 1::double precision / r.calls_per_second;
    v_rate_burst int := greatest(1, r.calls_per_second / 10);
begin
    pace_tat := pacer_settled(v_pace, r.burst, r.pace_tat, p_now);
    rate_tat := pacer_settled(v_rate, v_rate_burst, r.rate_tat, p_now);
    calls := 0;
    if r.state <> 'running' or r.per_hour > 3600000 or r.burst > 1000 or r.calls_per_second > 1000 then return; end if;
    calls := greatest(0, least(
        p_wanted, r.leads_free, r.channels_free, r.trunk_free,
        case when r.hold > 0 then div(least(r.spend_free, r.balance_free), r.hold) end,
        trunc((p_now + r.burst * v_pace - pace_tat + 1e-6) / v_pace),
        trunc((p_now + v_rate_burst * v_rate - rate_tat + 1e-6) / v_rate)));
    pace_tat := pace_tat + calls * v_pace;
    rate_tat := rate_tat + calls * v_rate;
end $$;

-- Take up to p_wanted due contacts (at most 100), as many as all limits allow at p_now (epoch seconds), and write their calls.
-- First comes one row without a call, with the room there was before; no row: no such campaign.
--
-- Locks the campaign, its trunk and the customer's ledger account, always in this order, and then measures what is in use.
-- Statements of their own, on purpose: a count made in the locking statement would see the time before the lock was granted.
--
-- The transaction need not wait for the disk: a claim is not dialled before its row says so (calls.sql, dialing), and that
-- commit does wait, for everything written before it. A claim lost with the server was never dialled.
--
-- One look into each zone that is open, so that contacts where it is night cost nothing to pass over.
-- p_ids: ids for the new calls, p_wanted at least.
create function claim_contacts(
    p_campaign bigint, p_wanted int, p_zones text[], p_now double precision, p_cell text, p_ids uuid[]
) returns table (
    id uuid, contact_id bigint, phone text, zone text, attempts int, carousel boolean, last_caller text, fields jsonb,
    room campaign_room
) language plpgsql
-- In the index's order and no further than the limit, whatever the statistics say: planned when a campaign has just been
-- filled, the statement would read and sort the whole audience for each claim. And planned once: left to choose, PostgreSQL
-- plans anew for each number of contacts, which takes a fifth of a claim.
set enable_sort = off set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    c campaigns; t trunks; a ledger_accounts; r campaign_room; v_taken int; g record;
begin
    perform set_config('synchronous_commit', 'off', true);
    -- "no key": rows that refer to these may be written meanwhile
    select * into c from campaigns where campaigns.id = p_campaign for no key update;
    if not found then return; end if;
    select * into t from trunks where trunks.id = c.trunk_id for no key update;
    select * into a from ledger_accounts where account_id = c.account_id for no key update;
    r := measure_room(c, t, a);
    g := granted(r, p_wanted, p_now);
    return query select null::uuid, null::bigint, null::text, null::text, null::int, null::boolean, null::text, null::jsonb, r;
    if g.calls = 0 then return; end if;
    return query with due as (
        select picked.* from unnest(p_zones) as open_zone(name)
        cross join lateral (
            select cc.ctid as place, cc.contact_id, cc.next_at
            from campaign_contacts cc
            where cc.campaign_id = p_campaign and cc.zone = open_zone.name and cc.state = 'waiting'
              and cc.next_at <= to_timestamp(p_now)
              and not exists (select 1 from blacklist b where b.account_id = c.account_id and b.phone = cc.phone)
            order by cc.next_at, cc.contact_id limit g.calls
        ) as picked
        order by picked.next_at, picked.contact_id limit g.calls
    ), locked as (
        select cc.ctid as place from campaign_contacts cc join due on cc.ctid = due.place
        where cc.campaign_id = p_campaign and cc.state = 'waiting' for update of cc skip locked
    ), taken as (
        update campaign_contacts cc set state = 'calling', attempts = cc.attempts + 1
        from locked where cc.ctid = locked.place
        returning cc.contact_id, cc.phone, cc.zone, cc.attempts, cc.carousel, cc.last_caller, cc.next_at
    ), numbered as (
        select p_ids[row_number() over (order by next_at, contact_id)] as id, taken.* from taken
    ), rows as (
        insert into calls (id, campaign_id, contact_id, account_id, trunk_id, scenario_id, run, attempt, carousel, phone,
                           cell_id, hold)
        select numbered.id, c.id, numbered.contact_id, c.account_id, c.trunk_id, c.scenario_id, c.run, numbered.attempts,
               numbered.carousel, numbered.phone, p_cell, c.hold
        from numbered
    )
    select numbered.id, numbered.contact_id, numbered.phone, numbered.zone, numbered.attempts, numbered.carousel,
           numbered.last_caller, contacts.fields, null::campaign_room
    from numbered join contacts on contacts.id = numbered.contact_id
    order by numbered.next_at, numbered.contact_id;
    get diagnostics v_taken = row_count;
    if v_taken > 0 then
        if v_taken < g.calls then g := granted(r, v_taken, p_now); end if;
        update campaigns set pace_tat = g.pace_tat where campaigns.id = p_campaign;
        update trunks set rate_tat = g.rate_tat where trunks.id = c.trunk_id;
    end if;
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
        insert into blacklist (account_id, phone, reason, call_id) values (v.account_id, v.phone, 'call', p_call)
            on conflict (account_id, phone) do nothing;
    end if;
    insert into side_effects (key, call_id, kind, payload)
        select e ->> 'key', p_call, e ->> 'kind', e -> 'payload' from jsonb_array_elements(p_effects) as e
        on conflict (key) do nothing;
end $$;

-- A number that must not be called again by this account: its waiting contacts are blocked at once, whoever enters it.
create function block_contacts() returns trigger language plpgsql as $$
begin
    update campaign_contacts cc set state = 'blocked', reason = 'blacklist'
        from campaigns c
        where c.id = cc.campaign_id and c.account_id = new.account_id and cc.phone = new.phone and cc.state = 'waiting';
    return null;
end $$;
create trigger blacklist_blocks after insert on blacklist for each row execute function block_contacts();

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
                          and o.ended_at is null);
end $$;

-- The ends of attempts: outcome, money, the contact's next state; each once. Parallel arrays, an end in each place. Returns the
-- calls that had not ended before. One statement for all where there is one, since a campaign's calls end by the dozen. Calls,
-- campaigns, ledger accounts and contacts are taken in this order, each in the order of their ids, lest two transactions wait
-- for each other.
create function finish_calls(p_calls uuid[], p_outcomes text[], p_causes text[], p_q850 int[], p_sip int[],
                             p_ringing timestamptz[], p_answered timestamptz[], p_ended timestamptz[], p_hung_up_by text[],
                             p_costs numeric[], p_contact_states text[], p_next timestamptz[], p_carousel boolean[],
                             p_reasons text[])
returns uuid[] language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off  -- a plan made while there were few calls
as $$
declare
    v_now uuid[];
    v calls;
    v_campaign bigint; v_cost numeric;
begin
    -- Locked first: what is read below must be what a mark, or another end, has left.
    perform from calls where id = any(p_calls) order by id for update;
    with ended as (
        update calls set state = 'ended', outcome = g.outcome, cause = g.cause, q850 = g.q850, sip = g.sip,
                         ringing_at = coalesce(g.ringing, ringing_at), answered_at = coalesce(g.answered, answered_at),
                         ended_at = g.ended, hung_up_by = g.hung_up_by, cost = g.cost
        from unnest(p_calls, p_outcomes, p_causes, p_q850, p_sip, p_ringing, p_answered, p_ended, p_hung_up_by, p_costs)
            as g(id, outcome, cause, q850, sip, ringing, answered, ended, hung_up_by, cost)
        where calls.id = g.id and calls.state <> 'ended'
        returning calls.id
    )
    select array_agg(id) into v_now from ended;

    -- All campaigns before the first ledger account, as claims take them.
    for v_campaign, v_cost in select campaign_id, sum(cost) from calls where id = any(v_now) and cost > 0 group by 1 order by 1 loop
        update campaigns set spent = spent + v_cost where id = v_campaign;
    end loop;
    for v in select * from calls where id = any(v_now) and cost > 0 order by account_id, id loop
        perform ledger_move('call:' || v.id, 'customer:' || v.account_id, 'revenue:calls', v.cost, v.phone);
    end loop;

    -- In the order in which a start writes them (campaigns.sql: fill).
    perform from campaign_contacts cc join calls on calls.campaign_id = cc.campaign_id and calls.contact_id = cc.contact_id
        where calls.id = any(v_now) order by cc.campaign_id, cc.contact_id for update of cc;
    update campaign_contacts cc set
        state = case when cc.state = 'blocked' then cc.state when b.phone is not null then 'blocked' else g.state::contact_state end,
        reason = case when cc.state = 'blocked' then cc.reason when b.phone is not null then 'blacklist' else g.reason end,
        next_at = coalesce(g.next_at, cc.next_at), carousel = g.carousel, last_outcome = calls.outcome
    from unnest(p_calls, p_contact_states, p_next, p_carousel, p_reasons) as g(id, state, next_at, carousel, reason)
    join calls using (id)
    join campaigns on campaigns.id = calls.campaign_id and campaigns.run = calls.run
    left join blacklist b on g.state = 'waiting' and b.account_id = calls.account_id and b.phone = calls.phone
    where calls.id = any(v_now) and cc.campaign_id = calls.campaign_id and cc.contact_id = calls.contact_id;

    for v in select calls.* from calls join campaigns on campaigns.id = calls.campaign_id and campaigns.run <> calls.run
             where calls.id = any(v_now) loop
        perform free_contact(v);
    end loop;
    return v_now;
end $$;

-- Give a claim back that was never dialled: as if it had not been made.
create function release_call(p_call uuid) returns boolean language plpgsql as $$
declare
    v calls;
begin
    delete from calls where id = p_call and state = 'claimed' returning * into v;
    if not found then return false; end if;
    if v.run <> (select run from campaigns where id = v.campaign_id) then
        perform free_contact(v);
        return true;
    end if;
    -- Whoever was blacklisted meanwhile would wait for ever: no claim takes him, and nothing else would block him.
    update campaign_contacts cc set
        state = case when cc.state <> 'calling' then cc.state when b.phone is null then 'waiting' else 'blocked' end,
        reason = case when cc.state = 'calling' and b.phone is not null then 'blacklist' else cc.reason end,
        attempts = cc.attempts - 1
        from (select v.phone as called) as one
        left join blacklist b on b.account_id = v.account_id and b.phone = one.called
        where cc.campaign_id = v.campaign_id and cc.contact_id = v.contact_id and cc.attempts = v.attempt;
    return true;
end $$;

-- First light: accounts and their ledger, audiences, scenarios, trunks, campaigns, calls.
-- Money is numeric(14,4) roubles. Times are timestamptz. A call's id is also its ARI channel id.

-- ── accounts and ledger ────────────────────────────────────────────────────────────────────────────────────────
create table accounts (
    id          bigint generated always as identity primary key,
    name        text not null,
    created_at  timestamptz not null default now()
);

-- Double entry. A journal is one movement with a unique key (so that a repeat is harmless); its postings sum to zero.
create table ledger_accounts (
    id          bigint generated always as identity primary key,
    code        text not null unique,              -- 'customer:17', 'revenue:calls', 'cash:topup'
    account_id  bigint unique references accounts, -- set for a customer's own ledger account
    balance     numeric(14,4) not null default 0   -- kept for customers only: a shared row would serialise every call's end
);

create table ledger_journals (
    id          bigint generated always as identity primary key,
    key         text not null unique,
    comment     text not null default '',
    created_at  timestamptz not null default now()
);

create table ledger_postings (
    journal_id  bigint not null references ledger_journals,
    ledger_account_id bigint not null references ledger_accounts,
    amount      numeric(14,4) not null check (amount <> 0),
    primary key (journal_id, ledger_account_id)
);
create index on ledger_postings (ledger_account_id, journal_id);

create function ledger_balanced() returns trigger language plpgsql as $$
begin
    if (select sum(amount) from ledger_postings where journal_id = new.journal_id) <> 0 then
        raise exception 'ledger journal % does not balance', new.journal_id using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger ledger_postings_balance after insert on ledger_postings
    deferrable initially deferred for each row execute function ledger_balanced();

create function ledger_frozen() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only' using errcode = 'restrict_violation';
end $$;
create trigger ledger_journals_frozen before update or delete on ledger_journals
    for each row execute function ledger_frozen();
create trigger ledger_postings_frozen before update or delete on ledger_postings
    for each row execute function ledger_frozen();

-- Move p_amount from one ledger account to another under a key; false when the key was used before.
create function ledger_move(p_key text, p_from text, p_to text, p_amount numeric, p_comment text) returns boolean
language plpgsql as $$
declare
    v_journal bigint;
begin
    insert into ledger_journals (key, comment) values (p_key, p_comment) on conflict (key) do nothing returning id into v_journal;
    if v_journal is null or p_amount = 0 then
        return v_journal is not null;
    end if;
    insert into ledger_accounts (code) select code from unnest(array[p_from, p_to]) as code on conflict (code) do nothing;
    insert into ledger_postings (journal_id, ledger_account_id, amount)
        select v_journal, id, case when code = p_from then -p_amount else p_amount end
        from ledger_accounts where code in (p_from, p_to);
    update ledger_accounts set balance = balance + case when code = p_from then -p_amount else p_amount end
        where code in (p_from, p_to) and account_id is not null;
    return true;
end $$;

-- ── projects, audiences, scenarios ─────────────────────────────────────────────────────────────────────────────
create table projects (
    id          bigint generated always as identity primary key,
    account_id  bigint not null references accounts,
    name        text not null,
    created_at  timestamptz not null default now()
);

create table audiences (
    id          bigint generated always as identity primary key,
    project_id  bigint not null references projects,
    name        text not null,
    created_at  timestamptz not null default now()
);

create table contacts (
    id          bigint generated always as identity primary key,
    audience_id bigint not null references audiences,
    phone       text not null,                     -- E.164
    zone        text,                              -- IANA name where known
    fields      jsonb not null default '{}',
    unique (audience_id, phone)
);

create table scenarios (
    id          bigint generated always as identity primary key,
    project_id  bigint not null references projects,
    name        text not null,
    document    jsonb not null,
    created_at  timestamptz not null default now()
);

create table blacklist (
    account_id  bigint not null references accounts,
    phone       text not null,
    reason      text not null default '',
    call_id     uuid,
    added_at    timestamptz not null default now(),
    primary key (account_id, phone)
);

-- ── trunks and caller ids ──────────────────────────────────────────────────────────────────────────────────────
create table trunks (
    id          bigint generated always as identity primary key,
    name        text not null unique,              -- the PJSIP endpoint
    max_channels int not null check (max_channels > 0),
    calls_per_second int not null check (calls_per_second > 0),
    rate_tat    double precision                   -- when the next attempt would be due, epoch seconds (see dialer.pacer)
);

create table caller_ids (
    id          bigint generated always as identity primary key,
    phone       text not null unique,
    account_id  bigint references accounts,        -- null: of the system's carousel
    carousel    boolean not null default false
);

-- ── campaigns ──────────────────────────────────────────────────────────────────────────────────────────────────
create type campaign_state as enum ('draft', 'running', 'paused', 'stopped', 'finished');

create table campaigns (
    id          bigint generated always as identity primary key,
    project_id  bigint not null references projects,
    account_id  bigint not null references accounts,
    name        text not null,
    scenario_id bigint not null references scenarios,
    audience_id bigint not null references audiences,
    trunk_id    bigint not null references trunks,
    caller_ids  text[] not null,
    state       campaign_state not null default 'draft',
    reason      text not null default '',          -- stable code of why it is paused, stopped or finished
    reason_text text not null default '',          -- details for people
    run         int not null default 1,            -- a start from the beginning begins a new run
    per_hour    int not null check (per_hour > 0),
    burst       int not null default 1 check (burst > 0),
    pace_tat    double precision,
    max_channels int not null check (max_channels > 0),
    answer_timeout_s int not null default 27 check (answer_timeout_s between 5 and 120),
    action_timeout_s int not null default 7 check (action_timeout_s between 1 and 60),
    longest_call_s int not null default 600 check (longest_call_s between 10 and 7200),
    per_minute  numeric(14,4) not null check (per_minute >= 0),
    hold        numeric(14,4) not null check (hold >= 0), -- the most one attempt can cost
    max_leads   int check (max_leads > 0),
    max_spend   numeric(14,4) check (max_spend > 0),
    record      boolean not null default false,
    retry       jsonb not null default '{}',       -- dialer.retry.RetryPolicy
    call_window jsonb not null default '{}',       -- dialer.window.Window
    zones       text[] not null default '{}',      -- distinct zones of the contacts, set at start
    leads       int not null default 0,
    spent       numeric(14,4) not null default 0,
    created_at  timestamptz not null default now(),
    started_at  timestamptz,
    ended_at    timestamptz
);
create index on campaigns (state) where state = 'running';

create type contact_state as enum ('waiting', 'calling', 'done', 'blocked');

create table campaign_contacts (
    campaign_id bigint not null references campaigns,
    contact_id  bigint not null references contacts,
    phone       text not null,
    zone        text not null default '',          -- IANA name; '' unknown: the campaign's own zone rules
    state       contact_state not null default 'waiting',
    attempts    int not null default 0,            -- in this run
    next_at     timestamptz not null default '-infinity',
    carousel    boolean not null default false,    -- the next attempt is the carousel's
    last_caller text,
    last_outcome text,
    reason      text not null default '',          -- why done or blocked
    primary key (campaign_id, contact_id)
);
-- By zone first: a claim looks only into zones where calling is allowed now, never through those where it is night.
create index campaign_contacts_due on campaign_contacts (campaign_id, zone, next_at, contact_id) where state = 'waiting';
create index campaign_contacts_calling on campaign_contacts (campaign_id) where state = 'calling';
create index campaign_contacts_phone on campaign_contacts (phone) where state = 'waiting';

-- ── calls ──────────────────────────────────────────────────────────────────────────────────────────────────────
create table cells (
    id          text primary key,
    started_at  timestamptz not null default now(),
    seen_at     timestamptz not null default now()
);

create type call_state as enum ('claimed', 'dialing', 'ringing', 'answered', 'ended');

create table calls (
    id          uuid primary key default gen_random_uuid(),
    -- Written by claim_contacts only, from the rows that it has locked; references would be checked again for every claim.
    campaign_id bigint not null,
    contact_id  bigint not null,
    account_id  bigint not null,
    trunk_id    bigint not null,
    scenario_id bigint not null,
    run         int not null,
    attempt     int not null,
    carousel    boolean not null default false,
    phone       text not null,
    caller_id   text not null default '',
    cell_id     text not null,
    state       call_state not null default 'claimed',
    hold        numeric(14,4) not null,
    cost        numeric(14,4) not null default 0,
    claimed_at  timestamptz not null default now(),
    started_at  timestamptz,                       -- originate was sent
    ringing_at  timestamptz,
    answered_at timestamptz,
    ended_at    timestamptz,
    outcome     text,
    result      text,                              -- lead, blacklist, machine
    cause       text not null default '',
    q850        int not null default 0,
    sip         int not null default 0,
    hung_up_by  text not null default '',
    machine     text,
    path        text[] not null default '{}',
    dtmf        text not null default '',
    tags        text[] not null default '{}',
    transferred_to text,
    blacklisted boolean not null default false,
    legs        smallint not null default 1,       -- trunk channels in use
    recording   text,
    recording_s double precision,
    recording_sha256 text,
    unique (campaign_id, run, contact_id, attempt), -- the last line of defence against dialling twice for one attempt
    check ((state = 'ended') = (ended_at is not null and outcome is not null)),
    check ((state = 'ended') = (ended_at is not null))
) with (fillfactor = 60); -- a row is changed some five times soon after it is written; there is room for it beside it
-- One index of what is open, since every claim and every change of state writes it: an account's calls and a campaign's among
-- them; a trunk's and a cell's are looked for among all that are open. A contact's are found by the unique key.
-- "ended_at is null" and not the state: a column that an index names may not change without writing all indexes anew (HOT).
create index calls_open on calls (account_id, campaign_id) where ended_at is null;

-- What a call sets in motion outside: messages, webhooks. Written with the fact that causes it; delivered by workers.
create table side_effects (
    id          bigint generated always as identity primary key,
    key         text not null unique,              -- call id, node and kind: a repeat is harmless
    call_id     uuid not null references calls,
    kind        text not null,
    payload     jsonb not null,
    created_at  timestamptz not null default now(),
    delivered_at timestamptz
);
create index on side_effects (id) where delivered_at is null;

-- ── changes are announced ──────────────────────────────────────────────────────────────────────────────────────
create function announce_campaign() returns trigger language plpgsql as $$
begin
    perform pg_notify('dozvon_campaign', json_build_object('campaign', new.id, 'state', new.state, 'reason', new.reason)::text);
    return null;
end $$;
create trigger campaigns_announce after insert or update of state on campaigns
    for each row execute function announce_campaign();

-- An attempt's changes are announced by whoever made them, after their commit and several at once (Calls.announce): a
-- transaction with a NOTIFY commits alone in the whole server, waiting for the disk included.
create function announce_calls(p_calls uuid[]) returns void language sql as $$
    select pg_notify('dozvon_call', json_build_object('campaign', campaign_id, 'call', id, 'state', state)::text)
    from calls, set_config('synchronous_commit', 'off', true) where id = any(p_calls);
$$;

-- Who may do what: users, their sessions and keys, one-time tokens, brakes on guessing, the audit log; projects and their people.

create type user_role as enum ('customer', 'support', 'moderator', 'finance', 'admin');

create table users (
    id          bigint generated always as identity primary key,
    account_id  bigint not null references accounts,   -- whose money and projects are his own
    role        user_role not null default 'customer',
    email       text not null check (email = lower(email)),
    email_confirmed_at timestamptz,
    password    text,                                  -- argon2id; null: signs in by links only
    phone       text,                                  -- E.164
    phone_confirmed_at timestamptz,
    surname     text not null default '',
    name        text not null default '',
    patronymic  text not null default '',
    sex         text check (sex in ('male', 'female')),
    avatar      text,                                  -- key in the store: 256 points
    avatar_small text,                                 -- 64 points
    language    text not null default 'ru',
    zone        text not null default 'Europe/Moscow', -- IANA: in which dates are shown
    totp_secret text,                                  -- base32; in force once totp_at is set
    totp_at     timestamptz,
    totp_step   bigint not null default 0,             -- the last time step accepted: a code serves once (RFC 6238, 5.2)
    manager_id  bigint references users,               -- «Ваш менеджер»
    blocked_at  timestamptz,
    deleted_at  timestamptz,                           -- his data are wiped; the row stays for what refers to it
    created_at  timestamptz not null default now(),
    version     int not null default 1
);
create unique index users_email on users (email) where deleted_at is null;
create index on users (account_id);

-- The installation's own account: what it calls for itself (codes that confirm a phone) belongs to no customer.
alter table accounts add column system boolean not null default false;
create unique index accounts_system on accounts (system) where system;

-- What he agreed to at registration (152-FZ, article 9): the document, its version, when and from where.
create table consents (
    id          bigint generated always as identity primary key,
    user_id     bigint not null references users,
    document    text not null,
    version     text not null,
    at          timestamptz not null default now(),
    ip          inet,
    agent       text not null default ''
);
create index on consents (user_id);

create table promo_codes (
    code        text primary key check (code = upper(code)),
    bonus       numeric(14,4) not null check (bonus > 0),
    uses_left   int not null check (uses_left >= 0),
    valid_until timestamptz,
    created_at  timestamptz not null default now()
);

-- The cookie holds a random token; here is its SHA-256, so that who reads the table cannot sign in.
create table sessions (
    id          bigint generated always as identity primary key,
    token       bytea not null unique,
    user_id     bigint not null references users,
    second_factor boolean not null default false,      -- true: the password was right, the code is still asked for
    ip          inet,
    agent       text not null default '',
    created_at  timestamptz not null default now(),
    seen_at     timestamptz not null default now(),
    expires_at  timestamptz not null
);
create index on sessions (user_id);

-- Links and codes that serve once. token: SHA-256 of the link's secret, or of the code with the user's id.
create table one_time_tokens (
    id          bigint generated always as identity primary key,
    purpose     text not null,                         -- confirm_email, recover, sign_in, invitation, confirm_phone …
    token       bytea not null unique,
    user_id     bigint references users,
    payload     jsonb not null default '{}',
    tries_left  int not null default 5,                -- of a short code
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    used_at     timestamptz
);
create index on one_time_tokens (user_id, purpose) where used_at is null;

create table recovery_codes (
    user_id     bigint not null references users,
    code        bytea not null,                        -- SHA-256
    used_at     timestamptz,
    primary key (user_id, code)
);

create table api_keys (
    id          bigint generated always as identity primary key,
    user_id     bigint not null references users,
    name        text not null,
    prefix      text not null,                         -- its first characters, for people to tell keys apart
    token       bytea not null unique,                 -- SHA-256 of the whole key
    scopes      text[] not null,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz,
    last_used_at timestamptz,
    last_ip     inet,
    revoked_at  timestamptz
);
create index on api_keys (user_id);

-- A POST that was answered is answered alike when it comes again with the same key.
create table idempotency (
    user_id     bigint not null references users,
    key         text not null,
    request     bytea not null,                        -- SHA-256 of method, path and body
    status      int,                                   -- null: still under way
    headers     jsonb not null default '{}',
    body        bytea,
    created_at  timestamptz not null default now(),
    primary key (user_id, key)
);
create index on idempotency (created_at);

-- Brakes (access/throttle.py). Unlogged: after a crash everybody begins anew.
create unlogged table throttle (
    key         text primary key,
    tat         timestamptz not null                   -- theoretical arrival time of the generic cell rate algorithm
);
create unlogged table failures (
    key         text primary key,
    count       int not null,
    last_at     timestamptz not null
);

-- Take one from the brake; 0 when it was granted, else seconds until it would be.
create function throttle(p_key text, p_interval interval, p_burst int) returns double precision language plpgsql as $$
declare
    v_tat timestamptz; v_now timestamptz := clock_timestamp();
begin
    insert into throttle (key, tat) values (p_key, v_now) on conflict (key) do nothing;
    select greatest(tat, v_now) into v_tat from throttle where key = p_key for update;
    if v_tat - v_now > p_interval * (p_burst - 1) then
        return extract(epoch from v_tat - v_now - p_interval * (p_burst - 1));
    end if;
    update throttle set tat = v_tat + p_interval where key = p_key;
    return 0;
end $$;

-- Every change: who, what, on which object, before and after, from where. Written in the change's own transaction.
create table audit (
    id          bigint generated always as identity primary key,
    at          timestamptz not null default now(),
    account_id  bigint references accounts,            -- whose data were changed: he may read it
    user_id     bigint references users,               -- null: the system
    key_id      bigint references api_keys,            -- by which API key, if any
    ip          inet,
    action      text not null,                         -- 'project.created'
    object      text not null default '',              -- 'project'
    object_id   text not null default '',
    before      jsonb not null default '{}',           -- only what changed; never a secret
    after       jsonb not null default '{}'
);
create index on audit (account_id, id desc);
create index on audit (user_id, id desc);
create index on audit (object, object_id, id desc);
create function audit_frozen() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
end $$;
create trigger audit_frozen before update or delete on audit for each row execute function audit_frozen();

-- ── projects ───────────────────────────────────────────────────────────────────────────────────────────────────────
alter table projects add column description text not null default '';
alter table projects add column archived_at timestamptz;
alter table projects add column version int not null default 1;
create index projects_of_account on projects (account_id, id desc);

create type field_type as enum ('text', 'number', 'date', 'phone', 'email', 'boolean');
create table project_fields (
    id          bigint generated always as identity primary key,
    project_id  bigint not null references projects,
    name        text not null,
    variable    text not null,
    type        field_type not null,
    created_at  timestamptz not null default now(),
    unique (project_id, variable)
);

create table project_tags (
    id          bigint generated always as identity primary key,
    project_id  bigint not null references projects,
    name        text not null,
    created_at  timestamptz not null default now()
);
create unique index on project_tags (project_id, lower(name));

create type project_right as enum ('view', 'run', 'edit'); -- each includes those before it
create table project_members (
    project_id  bigint not null references projects,
    user_id     bigint not null references users,
    "right"     project_right not null,
    created_at  timestamptz not null default now(),
    primary key (project_id, user_id)
);
create index on project_members (user_id, project_id desc);

-- Shared with an e-mail that belongs to no user yet: becomes a membership when its owner confirms that e-mail.
create table project_invitations (
    project_id  bigint not null references projects,
    email       text not null check (email = lower(email)),
    "right"     project_right not null,
    invited_by  bigint not null references users,
    created_at  timestamptz not null default now(),
    primary key (project_id, email)
);
create index on project_invitations (email);

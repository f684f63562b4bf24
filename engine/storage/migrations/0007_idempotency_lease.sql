-- Whoever carries a request out holds its key by a lease, which he renews while it runs.
alter table idempotency add column holder uuid;
alter table idempotency add column held_until timestamptz not null default now();

-- name: enqueue
-- PgQueuer's own statement, as a test compares: its library takes half a second to import, which pages need not pay for,
-- and hands over JSON as text, which our connections would encode once more.
WITH input AS MATERIALIZED (
    -- MATERIALIZED: nextval is volatile and `input` is referenced twice,
    -- so pin single evaluation -- each input row gets exactly one id.
    -- The scalar sub-select resolves the sequence name once (InitPlan)
    -- rather than a catalog lookup per row.
    -- Skipped ON CONFLICT rows leave harmless id gaps; a pre-count CTE
    -- could avoid them but isn't worth the extra pass.
    SELECT
        nextval(
            (SELECT pg_get_serial_sequence('pgqueuer', 'id'))
        ) AS id,
        priority, entrypoint, payload, execute_after, dedupe_key, headers, ord
    FROM UNNEST(
        $1::int[], $2::text[], $3::bytea[],
        $4::interval[], $5::text[], $6::jsonb[]
    ) WITH ORDINALITY AS
        t(priority, entrypoint, payload, execute_after, dedupe_key, headers, ord)
),
inserted AS (
    INSERT INTO pgqueuer AS job
    (id, priority, entrypoint, payload, execute_after, dedupe_key, headers, status)
    SELECT id, priority, entrypoint, payload, execute_after + NOW(),
        dedupe_key, headers, 'queued'
    FROM input
    ON CONFLICT (dedupe_key)
        WHERE ((status = ANY (ARRAY['queued'::pgqueuer_status, 'picked'::pgqueuer_status])) AND (dedupe_key IS NOT NULL))
        DO NOTHING
    RETURNING id, entrypoint, priority, dedupe_key
),
logged AS (
    INSERT INTO pgqueuer_log
    (job_id, status, entrypoint, priority)
    SELECT id, 'queued', entrypoint, priority
    FROM inserted
    -- A job whose priority was updated was queued before; log new jobs only.
    WHERE id IN (SELECT id FROM input)
)
-- Join maps each surviving id back to its input ordinal. Rows skipped by
-- ON CONFLICT are absent from `inserted`, so their positions never appear.
SELECT i.ord AS ord, ins.id AS id
FROM inserted ins
JOIN input i ON i.id = ins.id 
ORDER BY i.ord

-- name: deaths
-- How often a worker died with this job since it was last dead or put back: picked, but neither given back nor tried again.
select count(*) filter (where status = 'picked') - count(*) filter (where status = 'queued' and traceback is not null) - 1
from pgqueuer_log
where job_id = $1
  and id > coalesce((select max(id) from pgqueuer_log where job_id = $1 and status = 'failed'), 0)

-- name: give_back
-- A try that was broken off by the worker's end is no failed try.
with given as (
    update pgqueuer set attempts = greatest(attempts - 1, 0) where id = any($1::bigint[]) returning id
)
select pg_notify('ch_pgqueuer', $2) from given limit 1

-- name: purge_log
delete from pgqueuer_log l where l.created < now() - $1::interval and l.aggregated
    and not exists (select 1 from pgqueuer j where j.id = l.job_id)

-- name: dead
select j.id, j.entrypoint as kind, j.payload, j.attempts + 1 as attempts, j.created, j.updated as died,
       coalesce(l.traceback ->> 'exception_type', '') as error_type,
       coalesce(l.traceback ->> 'exception_message', '') as error_text,
       coalesce(l.traceback ->> 'traceback', '') as traceback
from pgqueuer j
left join lateral (
    select traceback from pgqueuer_log where job_id = j.id and status = 'failed' order by id desc limit 1
) l on true
where j.status = 'failed' and ($1::bigint is null or j.id < $1)
order by j.id desc limit $2

-- name: count_dead
select count(*) from pgqueuer where status = 'failed'

-- name: retry
-- Not when a newer job with the same key waits: that one stands for both.
with again as (
    update pgqueuer j
    set status = 'queued', execute_after = now(), updated = now(), attempts = 0, queue_manager_id = null, slot = null
    where j.id = $1 and j.status = 'failed' and not exists (
        select 1 from pgqueuer o where o.dedupe_key = j.dedupe_key and o.status in ('queued', 'picked'))
    returning j.id, j.entrypoint, j.priority
), logged as (
    insert into pgqueuer_log (job_id, status, entrypoint, priority) select id, 'queued', entrypoint, priority from again
)
select id, pg_notify('ch_pgqueuer', $2) from again

-- name: discard
with gone as (
    delete from pgqueuer where id = $1 and status = 'failed' returning id, entrypoint, priority
), logged as (
    insert into pgqueuer_log (job_id, status, entrypoint, priority) select id, 'deleted', entrypoint, priority from gone
)
select id from gone

-- name: create_task
insert into tasks (account_id, user_id, kind, title, total) values ($1, $2, $3, $4, $5) returning id

-- name: begin_task
-- Null when it has ended or was cancelled before it began. A second begin is a try after a failed one.
update tasks set state = 'running', started_at = coalesce(started_at, now()), done = 0
where id = $1 and state in ('queued', 'running') returning cancel_wanted

-- name: report_task
update tasks set done = $2, total = coalesce($3, total) where id = $1 and state = 'running' returning cancel_wanted

-- name: end_task
update tasks set state = $2, error_code = $3, error_text = $4, error_params = $5, result = $6, ended_at = now(),
                 done = case when $2 = 'done'::task_state then coalesce(total, done) else done end
where id = $1 and state in ('queued', 'running')

-- name: cancel_task
-- One that waits ends at once, one that runs when its worker looks.
update tasks set cancel_wanted = true,
                 state = case when state = 'queued' then 'cancelled' else state end,
                 ended_at = case when state = 'queued' then now() end
where id = $1 and account_id = $2 and state in ('queued', 'running') returning id

-- name: task
select * from tasks where id = $1 and account_id = $2

-- name: tasks
select * from tasks where account_id = $1 order by created_at desc limit $2

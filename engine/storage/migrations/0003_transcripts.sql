-- What was said in a call, and what the network played before it.

-- One row a turn, so that phrases can be searched for; personal, and gone with its call. Seconds since the answer.
create table turns (
    call_id     uuid not null references calls on delete cascade,
    n           smallint not null,
    kind        text not null,                     -- said (by a voice), played (a recording), heard, keys
    text        text not null,                     -- the words, the recording's name, the keys
    start_s     double precision not null,
    end_s       double precision,                              -- null: nobody saw its end
    node        text not null,                     -- where the scenario stood
    led_to      text not null,                     -- what it added to the call's path
    confidence  double precision,
    interrupted boolean not null,
    primary key (call_id, n)
);

-- The attempt ended without an answer, and there was early media: domain of media.early.EarlySound.
alter table calls add column early text not null default '';

-- Beside mark_call and finish_calls, in the same statement: the turns that are new or have changed, and the early media where
-- it is known. A repeat changes nothing.
create function keep_turns(p_call uuid, p_turns jsonb, p_early text) returns boolean language plpgsql as $$
begin
    if p_turns <> '[]' then
        insert into turns select p_call, t.* from jsonb_to_recordset(p_turns) as t(
                n smallint, kind text, text text, start_s float8, end_s float8, node text, led_to text, confidence float8, interrupted boolean)
            on conflict (call_id, n) do update set text = excluded.text, end_s = excluded.end_s, led_to = excluded.led_to,
                                                   interrupted = excluded.interrupted;
    end if;
    if p_early <> '' then
        update calls set early = p_early where id = p_call;
    end if;
    return true;
end $$;

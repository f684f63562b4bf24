"""The call engine: an ARI application that dials campaigns and runs each call as a state machine.

domain/    ids, phone numbers, money, outcomes, prompts, call events, errors. Standard library only.
scenario/  the scenario document, its checks and the pure machine step(state, event) -> (state, commands).
media/     pure: audio frames in, facts out.
dialer/    pure pacer, window, retry, carousel, breaker; and the loop that claims contacts and starts calls.
session/   one call: mailbox -> scenario.step -> commands; timers, transfer, settlement.
ari/       adapter to Asterisk: REST, event socket.
speech/    adapters: text-to-speech providers and the clip cache.
storage/   adapter to PostgreSQL: asyncpg, SQL by name in .sql files, migrations.
audience/  contact files in, normalised contacts and per-line problems out.
host/      the machine around: fetching Asterisk, running it and PostgreSQL, doctor. Standard library only.
demo/      the demo campaign and its live screen.
settings.py  frozen settings, read once;  bootstrap.py  the only module that knows all adapters;  cli.py  the verbs.
"""

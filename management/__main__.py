"""``python -m management``: serve the cabinet, or with ``worker`` do background jobs, until SIGTERM or Ctrl-C. The other words
make users and links that sign them in; each link stands on a line of standard output.
"""

from __future__ import annotations

import argparse
import errno
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import import_module

import structlog
import uvicorn
import uvloop
from litestar import Litestar

from engine.domain.errors import DozvonError, Unavailable
from engine.domain.ids import AccountId
from engine.domain.text import mark
from management.access.caller import Role
from management.accounts import commands
from management.app import create_app
from management.language import of_environment, texts
from management.openapi import document
from management.settings import Settings, settings_from

GRACE_S = 3
"""Requests in progress at the end get this long."""
BAD_START = 2


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """The exit code: 0 after a wanted end, 2 when serving could not begin (one line on standard error says why)."""
    options = _parser().parse_args(arguments)
    try:
        if options.what == "openapi":
            return _print_openapi(environment)
        settings = settings_from(environment)
        if options.what in ("sign-in", "create-user", "demo-people"):
            return uvloop.run(_make_links(options, settings))
        listener = None if options.what == "worker" else _listen(options.host, options.port)
        app = None if listener is None else create_app(settings)
    except DozvonError as error:
        language = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG", "")
        message = texts(of_environment(language)).gettext(error.message)
        print(message.format(**error.params), file=sys.stderr)
        return BAD_START
    _configure_logs(settings.log_level)
    if listener is None or app is None:
        # Not imported above: PgQueuer alone takes half a second, for which nobody who opens a page should wait.
        uvloop.run(import_module("management.background").run_worker(settings))
        return 0
    return _serve(app, listener)


def _print_openapi(environment: Mapping[str, str]) -> int:
    """Asks no database."""
    app = create_app(settings_from({"DATABASE_URL": "postgresql://nowhere", **environment}))
    print(document(app.openapi_schema.to_schema()).decode())
    return 0


async def _make_links(options: argparse.Namespace, settings: Settings) -> int:
    match options.what:
        case "sign-in":
            made = await (
                commands.sign_in_link(settings, options.email) if options.email else commands.operator_link(settings)
            )
            print(made.link)
        case "create-user":
            print((await commands.new_user(settings, options.email, options.role)).link)
        case _:
            for made in await commands.demo_people(settings, AccountId(options.account)):
                print(json.dumps(asdict(made), ensure_ascii=False))
    return 0


def _serve(app: Litestar, listener: socket.socket) -> int:
    config = uvicorn.Config(
        app,
        loop="uvloop",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    host, port = listener.getsockname()[:2]
    structlog.get_logger("management").info("management_started", host=host, port=port)
    # uvicorn raises the signal again when it has shut down; a wanted end is not a failure.
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m management", description="The cabinet and API of Dozvon")
    _listening(parser)
    parser.set_defaults(what="serve")
    verbs = parser.add_subparsers(metavar="WHAT", help="(default: serve)")
    for name, told in (("serve", "the cabinet and the API"), ("worker", "background jobs")):
        verb = verbs.add_parser(name, help=told)
        verb.set_defaults(what=name)
        if name == "serve":
            _listening(verb)
    openapi = verbs.add_parser("openapi", help="print the API's OpenAPI document")
    openapi.set_defaults(what="openapi")
    sign_in = verbs.add_parser("sign-in", help="print a link that signs a user in")
    sign_in.add_argument("email", nargs="?", help="(default: the operator, who is made if there is none yet)")
    sign_in.set_defaults(what="sign-in")
    create = verbs.add_parser("create-user", help="make a user, such as the first admin, and print his link")
    create.add_argument("--email", required=True)
    create.add_argument("--role", type=Role, default=Role.ADMIN, help=f"one of: {', '.join(Role)} (default: admin)")
    create.set_defaults(what="create-user")
    demo = verbs.add_parser("demo-people", help="the demo's customer and operator: a JSON line with a link for each")
    demo.add_argument("account", type=int, metavar="ACCOUNT_ID")
    demo.set_defaults(what="demo-people")
    return parser


def _listening(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, default=8080, help="0 takes any free port (default: 8080)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"not a port: {text}")


def _listen(host: str, port: int) -> socket.socket:
    """Bound here and not by uvicorn, which tells of a busy port in several lines and with exit code 1."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(128)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(
                "port_busy", mark("Port {port} is in use by another program; choose one with --port"), port=port
            ) from error
        raise Unavailable(
            "cannot_listen", mark("Cannot listen on {host}:{port}: {error}"), host=host, port=port, error=error.strerror
        ) from error
    return listener


def _configure_logs(level: str) -> None:
    """JSON lines on standard error, in the engine's format."""
    # Its pool writes a traceback at every attempt to reconnect; we tell once that the server is away.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def _leave(*_: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

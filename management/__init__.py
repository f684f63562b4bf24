"""The cabinet, the REST API and the background jobs' handlers: a Litestar application, ``python -m management``.

=================  =================================================================================================
``__main__``       the command line; the only place that reads the environment
``settings``       frozen values, built there and passed down
``app``            puts the application together: features, lifespan, templates, static files, headers
``background``     puts a worker together: ``python -m management worker``
``database``       the link to PostgreSQL, which may be away at any time
``language``       texts, numbers, money and times of one request; ``locale/`` holds the catalogues
``security``       headers of every response, the content security policy
``cabinet/``       what all pages share: frame, layouts, components, navigation, static files; ``docs/cabinet.md``
``access/``        who calls and what he may do: sessions, keys, rights, brakes, one-time tokens, the audit log
``api``            what all of ``/api/v1`` shares;  ``errors``, ``fields``, ``filters``, ``paging``: what both pages and API use
``openapi``        the OpenAPI document as clients get it; ``./dozvon client`` makes the typed client of it (docs/api.md)
``accounts/``      registration, signing in, the second factor, recovery
``projects/``      projects with their fields, tags and people
``jobs/``          background work: the queue, the worker, long tasks with progress, dead jobs
``mailing/``       letters and short messages, the outbox
``store/``         uploads: limits, types, the media store, signed links, avatars
``files/``         files by signed links: ``/files/…``
``live/``          events as they happen: ``/live``
``journal/``       the audit log to be read: everybody's for the staff, his own for the customer
``staff/``         pages for the operator's people: users, background jobs, the outbox
``health/``        how the installation is and how its campaigns go: ``/health``, ``/system``
=================  =================================================================================================

A feature is a folder with the same four files: ``controllers.py`` (HTTP, thin), ``schemas.py`` (msgspec structs of
requests and responses), ``service.py`` (rules and transactions), ``queries.sql`` (statements by name). Features do not
import each other's insides. Places kept for them: audiences, materials, scenarios, campaigns,
analytics, calls, sms, tracker, integrations, telephony, finance, support, news.

Management writes wanted state and reads what happened; it never runs a call. It meets the engine only in PostgreSQL.
"""

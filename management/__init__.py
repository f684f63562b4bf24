"""The cabinet, the REST API and the background jobs' handlers: a Litestar application, ``python -m management``.

=================  =================================================================================================
``__main__``       the command line; the only place that reads the environment
``settings``       frozen values, built there and passed down
``app``            puts the application together: features, lifespan, templates, static files, headers
``database``       the link to PostgreSQL, which may be away at any time
``language``       texts, numbers, money and times of one request; ``locale/`` holds the catalogues
``security``       headers of every response, the content security policy
``cabinet/``       what all pages share: frame, layouts, components, navigation, static files; ``docs/cabinet.md``
``health/``        how the installation is and how its campaigns go: ``/``, ``/overview``, ``/health``
=================  =================================================================================================

A feature is a folder with the same four files: ``controllers.py`` (HTTP, thin), ``schemas.py`` (msgspec structs of
requests and responses), ``service.py`` (rules and transactions), ``queries.sql`` (statements by name). Features do not
import each other's insides. Places kept for them: accounts, projects, audiences, materials, scenarios, campaigns,
analytics, calls, sms, tracker, integrations, telephony, finance, support, news.

Management writes wanted state and reads what happened; it never runs a call. It meets the engine only in PostgreSQL.
"""

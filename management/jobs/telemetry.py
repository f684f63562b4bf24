"""Counters of a worker, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

JOBS = Counter("dozvon_jobs", "Tries of background jobs", ("kind", "result"))
"""``result``: done, failed (tried again later), dead."""
SECONDS = Histogram("dozvon_job_seconds", "How long a try took", ("kind",))

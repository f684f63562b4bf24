"""What the benchmarks share: reading ``/proc``, Prometheus text and console tables, statistics, the report, the servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from bench.support.figures import Leg, buckets, legs, middle, quantile, share

CHANNELSTATS = """
                                             ...........Receive......... .........Transmit..........
 BridgeId ChannelId ........ UpTime.. Codec.   Count    Lost Pct  Jitter   Count    Lost Pct  Jitter RTT....
 ===========================================================================================================

          carrier-00000001   00:01:05 alaw     3251       2    0  0.000    3240      1    0   0.000   0.000
          carrier-00000002   01:00:00 alaw      180K      0    0  0.000     180K     0    0   0.000   0.000
          carrier-00000003   not valid

Objects found: 3
"""


def test_the_table_of_channels() -> None:
    assert legs(CHANNELSTATS) == [Leg(65, 3251, 2, 3240, 1), Leg(3600, 180_000, 0, 180_000, 0)]


def test_a_quantile_is_interpolated_inside_its_bucket() -> None:
    before = {0.01: 5.0, 0.02: 5.0, float("inf"): 5.0}
    after = {0.01: 55.0, 0.02: 105.0, float("inf"): 105.0}
    assert quantile(before, after, 0.25) == pytest.approx(0.005)
    assert quantile(before, after, 0.75) == pytest.approx(0.015)
    assert quantile(before, after, 1.0) == pytest.approx(0.02)
    assert quantile(before, before, 0.99) is None
    assert quantile({}, {0.01: 1.0, float("inf"): 100.0}, 0.99) == 0.01, "beyond the last bound: not known better"


@given(st.lists(st.floats(0, 2), min_size=1), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_bucket_of_the_true_one(values: list[float], part: float) -> None:
    registry, bounds = CollectorRegistry(), (0.01, 0.1, 1.0)
    histogram = Histogram("lag_seconds", "x", buckets=bounds, registry=registry)
    other = Histogram("other_lag_seconds", "x", buckets=bounds, registry=registry)
    before = buckets(generate_latest(registry).decode(), "lag_seconds")
    for value in values:
        histogram.observe(value)
        other.observe(5)
    found = quantile(before, buckets(generate_latest(registry).decode(), "lag_seconds"), part)
    assert found is not None
    below = sum(value <= found for value in values)
    above = sum(value > next((bound for bound in bounds if bound >= found), bounds[-1]) for value in values)
    assert found == bounds[-1] or above <= (1 - part) * len(values) + 1e-9
    assert 0 <= found <= bounds[-1]
    assert below <= len(values)


def test_medians_and_shares() -> None:
    assert middle([1.0, 100.0, 2.0]) == 2.0
    with pytest.raises(ValueError, match="no values"):
        middle([])
    assert share(1, 0) == 0.0
    assert share(1, 4) == 0.25

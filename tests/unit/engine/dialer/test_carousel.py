from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from engine.dialer.carousel import choose
from engine.domain.ids import ContactId

numbers = st.lists(st.from_regex(r"\+7495\d{3}", fullmatch=True), max_size=8)
TEN = [f"+7495000000{digit}" for digit in range(10)]


@given(numbers, numbers, st.integers(), st.text())
def test_another_number_where_there_is_one(pool: list[str], used: list[str], contact: int, seed: str) -> None:
    chosen = choose(pool, used, ContactId(contact), seed)
    if chosen is None:
        assert not set(pool) - set(used[-1:])
    else:
        assert chosen in pool
        assert chosen not in used[-1:]
        if set(pool) - set(used):
            assert chosen not in used


@given(numbers, numbers, st.integers())
def test_the_order_of_the_carousel_changes_nothing(pool: list[str], used: list[str], contact: int) -> None:
    assert choose(pool, used, ContactId(contact), "7") == choose(sorted(pool), used, ContactId(contact), "7")


def test_contacts_are_spread_evenly() -> None:
    chosen = Counter(choose(TEN, [], ContactId(contact), "7") for contact in range(20_000))
    assert set(chosen) == set(TEN)
    assert all(1_800 < count < 2_200 for count in chosen.values()), chosen  # 2000 ± 4.7 standard deviations


def test_seeds_give_a_contact_different_numbers() -> None:
    assert {choose(TEN, [], ContactId(1), str(seed)) for seed in range(200)} == set(TEN)


def test_a_number_taken_away_moves_only_its_own_contacts() -> None:
    for contact in map(ContactId, range(500)):
        before = choose(TEN, [], contact, "7")
        after = choose(TEN[:-1], [], contact, "7")
        assert after == before or before == TEN[-1]

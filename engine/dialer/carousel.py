"""Which number of the system carousel calls a contact (manual 6.4: «с другого рандомного номера»).

The choice is a rendezvous hash: as evenly spread as chance, yet the same inputs always give the same number, so a
crash between choosing and dialling changes nothing, and a number added to or taken from the carousel moves only its
own share of contacts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from engine.domain.ids import ContactId


def choose(numbers: Iterable[str], used: Sequence[str], contact: ContactId, seed: str) -> str | None:
    """A number of the carousel for ``contact``, other than those it was called from.

    ``used``: caller IDs of the contact's earlier attempts, oldest first. When the carousel has nothing unused, any
    number but the last used one will do; None when there is no such number either. ``seed`` tells runs apart
    (campaign, attempt), so that one contact is not called from the same number for ever.
    """
    every = set(numbers)
    pool = every - set(used) or every - set(used[-1:])
    return max(pool, key=lambda number: (_weight(number, contact, seed), number), default=None)


def _weight(number: str, contact: ContactId, seed: str) -> bytes:
    return blake2b(f"{seed}\0{contact}\0{number}".encode(), digest_size=8).digest()

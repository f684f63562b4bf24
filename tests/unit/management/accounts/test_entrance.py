from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from management.accounts.entrance import local

HERE = "https://calls.example.com/login"


@given(st.text(alphabet="/\\:.?#@ab \t\n\r\0", max_size=12) | st.text(max_size=40))
def test_it_never_leaves_the_site(target: str) -> None:
    led = urljoin(HERE, local(target))
    assert urlsplit(led).netloc == "calls.example.com"
    assert local(target).isascii() and local(target).isprintable()


@pytest.mark.parametrize("target", ["/", "/projects?size=25&sort=-id", "/a%20b", "/#x", "/profile/security"])
def test_paths_of_ours_are_kept(target: str) -> None:
    assert local(target) == target


def test_letters_are_encoded_for_the_header() -> None:
    assert local("/projects?name=Я") == "/projects?name=%D0%AF"
    assert local("//evil.example", "") == ""

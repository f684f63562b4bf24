from __future__ import annotations

import pytest

from engine.host.debian import Package, choose_mirror, parse_uris

DIGEST = "ab" * 32


@pytest.mark.parametrize(
    ("targets", "mirror"),
    [
        ("Debian|bookworm|http://mirror.example/debian/\nDebian|x|http://other.example/", "http://mirror.example/debian/"),
        ("Debian|bookworm-security|http://m.example/debian-security/\nDebian|trixie|http://m.example/debian/",
         "http://m.example/debian/"),
        ("|trixie|http://never-updated.example/debian/", "http://never-updated.example/debian/"),
        ("$(ORIGIN)|sid|http://never-updated.example/debian/", "http://never-updated.example/debian/"),
        ("Debian|bookworm|cdrom:[Debian 12]/\nDebian|bookworm|https://m.example/debian/", "https://m.example/debian/"),
        ("Ubuntu|noble|http://ubuntu.example/ubuntu/\n|noble|http://ubuntu.example/ubuntu/", None),
        ("Google|cloud|https://packages.example/apt/", None),
        ("", None),
    ],
)  # fmt: skip
def test_the_mirror_is_debians_main_archive(targets: str, mirror: str | None) -> None:
    assert choose_mirror(targets) == mirror


def test_package_names_and_checksums_are_read_from_print_uris() -> None:
    listing = (
        "Reading package lists...\n"
        f"'http://m.example/pool/a_1%3a2%2bb_amd64.deb' a_1%3a2+b_amd64.deb 123 SHA256:{DIGEST}\n"
        "'http://m.example/pool/old_1_all.deb' old_1_all.deb 5 MD5Sum:" + "0" * 32 + "\n"
    )
    assert parse_uris(listing) == [Package("a_1%3a2+b_amd64.deb", DIGEST)]

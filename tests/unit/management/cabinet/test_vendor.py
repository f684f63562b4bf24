"""Files of others are the released ones, and a page stays light."""

from __future__ import annotations

import gzip
import re
from hashlib import sha256
from pathlib import Path

import pytest

from management.cabinet.assets import STATIC

VENDOR = STATIC / "vendor"
TESTS = Path(__file__).parents[3] / "data" / "browser"
SCRIPTS = ("vendor/htmx.min.js", "vendor/htmx-sse.min.js", "app.js")
CHART_SCRIPTS = ("vendor/uplot.min.js", "chart.js")
LIMIT = 150 * 1024


@pytest.mark.parametrize("folder", [VENDOR, TESTS], ids=["served", "of-tests"])
def test_each_file_is_listed_with_its_hash(folder: Path) -> None:
    listed = dict(re.findall(r"^\| `(\S+)` .*`([0-9a-f]{64})` \|$", (folder / "README.md").read_text(), re.MULTILINE))
    files = {
        file.name: sha256(file.read_bytes()).hexdigest() for file in folder.iterdir() if file.suffix in {".js", ".css"}
    }
    assert files and listed == files


def test_whose_the_files_are_is_told() -> None:
    named = set(
        re.findall(r"Copyright(?: \(c\))? [-–\d]+ ([^*\n]+?) *\n", (VENDOR / "tabler.min.css").read_text()[:500])
    )
    licence = (VENDOR / "LICENSE-MIT.txt").read_text()
    assert named and all(name in licence for name in named)
    assert "Leon Sorokin" in licence


def test_scripts_of_a_page_weigh_little() -> None:
    def weight(names: tuple[str, ...]) -> int:
        return sum(len(gzip.compress((STATIC / name).read_bytes(), 6)) for name in names)

    assert weight(SCRIPTS) + weight(CHART_SCRIPTS) < LIMIT


def test_no_style_asks_another_host() -> None:
    for file in STATIC.rglob("*.css"):
        assert not re.search(r"@import|url\(\s*['\"]?(?!['\"]?data:)", file.read_text(encoding="utf-8")), file.name

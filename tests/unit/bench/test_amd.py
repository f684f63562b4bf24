from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from bench.support.amd_reference import GRID, Tuning, _call, _results
from bench.support.amd_roc import svg
from engine.amd_tools.decisions import Quality
from engine.amd_tools.recordings import Recording

LISTING = """/amdbench/000000                                  : HUMAN|HUMAN-800-800|2141
/amdbench/000002                                  : MACHINE|MAXWORDS-3-2|1581
2 results found.
"""


def test_what_amd_said_is_read_back() -> None:
    results = _results(LISTING)
    recording = Recording(Path("a.wav"), "a.wav", "human")
    call = _call(recording, results["000000"])
    assert (call.status, call.cause, call.at) == ("HUMAN", "HUMAN-800-800", 2.141)
    assert call.taken_for_person
    assert not _call(recording, results["000002"]).taken_for_person
    assert _call(recording, "").status == ""


def test_arguments_in_the_order_of_amd() -> None:
    assert Tuning().arguments == "2500,1500,800,5000,100,50,2,256,5000"
    assert GRID[0] == Tuning()
    assert len(set(GRID)) == len(GRID)


def test_the_picture_is_a_picture() -> None:
    quality = Quality(10, 0.9, 0.1, 0.1, 1.0, 2.0, 3.0)
    drawn = svg({"after 2 s": [(0.0, 0.5), (0.1, 0.9), (1.0, 1.0)]}, {"ours": quality, "AMD() defaults": quality})
    root = ElementTree.fromstring(drawn)
    kinds = [child.tag.rpartition("}")[2] for child in root]
    assert kinds.count("polyline") == 1
    assert kinds.count("circle") == 2

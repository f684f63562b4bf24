"""A small data set of its own, from what lies in Asterisk's tree: no package of ``./dozvon amd build`` is needed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.amd_tools import dataset, sources
from engine.amd_tools.calls import SECONDS, SORTS, make
from engine.amd_tools.casting import Cast
from engine.amd_tools.line import RATE
from engine.amd_tools.recordings import recordings
from engine.amd_tools.utterances import Split, Studio, Voice
from engine.host.asterisk_tree import fetch_asterisk, find_asterisk
from engine.settings import state_from
from engine.speech import noises

VOICES = {
    Split.TRAIN: (
        Voice("rhvoice", "anna", "ru"),
        Voice("rhvoice", "aleksandr", "ru", 1.1),
        Voice("espeak", "en-us+m1", "en"),
        Voice("recorded", "en_US_f_Allison", "en"),
    ),
    Split.TEST: (
        Voice("rhvoice", "irina", "ru"),
        Voice("espeak", "en-gb+f4", "en"),
        Voice("recorded", "ru_RU_f_IvrvoiceRU", "ru"),
    ),
}
COUNTS = {Split.TRAIN: 20, Split.TEST: 12}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> sources.Sources:
    state = state_from(dict(os.environ))
    install = find_asterisk(state, os.environ.get("ASTERISK_HOME")) or fetch_asterisk(state, print)
    tree = tmp_path_factory.mktemp("packages")
    share = tree / "usr" / "share" / "asterisk"
    (share / "moh").mkdir(parents=True)
    (share / "sounds").symlink_to(install.sounds)
    for number in range(4):
        soundfile.write(share / "moh" / f"{number}.wav", noises.music(12.0, -20.0 - number), RATE)
    return sources.found(install, tree)


@pytest.fixture(scope="module")
def cast(found: sources.Sources, tmp_path_factory: pytest.TempPathFactory) -> Cast:
    return Cast(Studio(found, tmp_path_factory.mktemp("utterances")), Split.TEST, VOICES[Split.TEST])


@pytest.mark.parametrize("sort", SORTS)
def test_each_sort_of_call(cast: Cast, sort: str) -> None:
    call = make(cast, sort, (1, 2, 3))
    assert len(call.samples) == SECONDS * RATE
    assert (call.first_s < 0) == (SORTS[sort].kind == "silence")
    assert np.array_equal(call.samples, make(cast, sort, (1, 2, 3)).samples)


def test_a_throat_changes_the_voice_and_keeps_its_pace(found: sources.Sources, tmp_path: Path) -> None:
    studio = Studio(found, tmp_path)
    own, higher = (
        studio.say(Voice("rhvoice", "anna", "ru", throat), "Добрый день, слушаю вас.", 100, 100)
        for throat in (1.0, 1.15)
    )
    assert len(higher) == pytest.approx(len(own), rel=0.05)
    centres = [
        np.sum(np.arange(4001) * (power := np.abs(np.fft.rfft(s[:8000])) ** 2)) / power.sum() for s in (own, higher)
    ]
    assert centres[1] > 1.05 * centres[0]


def test_a_small_data_set(found: sources.Sources, tmp_path: Path) -> None:
    dataset.build(found, tmp_path / "one", print, 2, COUNTS, VOICES)
    train, test = (recordings(tmp_path / "one" / split.value) for split in Split)
    assert (len(train), len(test)) == tuple(COUNTS.values())
    assert {each.voice for each in train}.isdisjoint({each.voice for each in test} - {"-"})
    assert {each.label for each in train} == {"human", "machine", "silence"}
    assert all(soundfile.info(each.path).duration == SECONDS for each in train)


def test_the_same_sources_give_the_same_files(found: sources.Sources, tmp_path: Path) -> None:
    for name in ("one", "two"):
        dataset.build(found, tmp_path / name, print, 1, {Split.TEST: 4}, VOICES)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one" / "test").rglob("*.*"))
    assert len(files) == 5
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_an_older_tree_of_packages_is_not_complete(tmp_path: Path) -> None:
    assert not sources.complete(tmp_path)
    (tmp_path / "packages.json").write_text('{"rhvoice-english_1.14.0-3_all.deb": ""}')
    assert not sources.complete(tmp_path)

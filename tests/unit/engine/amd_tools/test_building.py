from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.amd_tools.calls import SORTS
from engine.amd_tools.dataset import Label, label_of, planned, read_labels, write_labels
from engine.amd_tools.line import RATE, Line, carried, surroundings
from engine.amd_tools.training import TrainSettings, trained
from engine.amd_tools.utterances import VOICES, Split, phrases, split_of, trimmed
from engine.amd_tools.verbs import load
from engine.domain.errors import BadInput
from engine.speech import noises


def texts(branch: Any) -> Iterator[str]:
    for value in branch.values() if isinstance(branch, dict) else branch:
        if isinstance(value, str):
            yield value.lower().strip(" .!?")
        else:
            yield from texts(value)


def test_train_and_test_share_no_voice_and_no_phrase() -> None:
    train, test = ({voice.id for voice in VOICES[split]} for split in Split)
    assert not train & test
    said = [set(texts(phrases()[split.value])) for split in Split]
    assert not said[0] & said[1]
    assert min(map(len, said)) > 80


def test_recorded_prompts_are_divided_by_name() -> None:
    names = [f"prompt-{number}" for number in range(1000)]
    assert 400 < sum(split_of(name) is Split.TEST for name in names) < 600


def test_shares_are_exact_and_sum_to_one() -> None:
    assert sum(sort.share for sort in SORTS.values()) == pytest.approx(1.0)
    counts = Counter(planned(1000))
    for name, sort in SORTS.items():
        assert counts[name] == pytest.approx(1000 * sort.share, abs=1)
    assert {label_of(sort.kind) for sort in SORTS.values()} == {"human", "machine", "silence"}


def test_any_stretch_holds_the_shares() -> None:
    people = [SORTS[name].kind == "person" for name in planned(1000)]
    assert 40 <= sum(people[300:400]) <= 55


@pytest.mark.parametrize("noise", ["none", "street", "car", "tv", "babble"])
@pytest.mark.parametrize("flaw", ["none", "quiet", "clipped", "dc", "loss"])
def test_lines(noise: str, flaw: str) -> None:
    chance = np.random.default_rng(5)
    around = surroundings(noise, 2.0, [noises.tone(300, 1.0)] * 4, chance)
    line = Line(noise, 15.0, flaw, -40.0 if flaw == "quiet" else -26.0, -65.0)
    heard = carried(noises.tone(500.0, 2.0, -26.0), line, around, chance)
    assert len(heard) == 2 * RATE
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 1.0
    level = 20 * np.log10(np.sqrt(np.mean((heard - heard.mean()) ** 2)))
    assert level == pytest.approx({"quiet": -40, "clipped": -8}.get(flaw, -26), abs=4)
    assert (np.abs(heard.reshape(-1, 160)).max(axis=1) < 0.001).any() == (flaw == "loss")


def test_trimmed() -> None:
    word = noises.tone(500.0, 0.5)
    assert len(trimmed(np.concatenate([noises.silence(0.3), word, noises.silence(0.2)]))) == pytest.approx(
        len(word), abs=160
    )


def test_labels_survive_a_file(tmp_path: Path) -> None:
    label = Label(
        "human/a.wav", "human", "person", "late answer", "ru", "rhvoice:anna", "tv", 12.5, "none", 1.25, "Да, «алло», я"
    )
    write_labels(tmp_path / "labels.csv", [label])
    assert list(read_labels(tmp_path / "labels.csv")) == [label]


def test_too_few_recordings() -> None:
    with pytest.raises(BadInput) as caught:
        trained([], TrainSettings(), print)
    assert caught.value.code == "amd-too-few"


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"format": 1}'])
def test_a_file_that_is_no_model(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "model.json").write_text(content)
    with pytest.raises(BadInput):
        load(tmp_path / "model.json")

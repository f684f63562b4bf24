from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.errors import BadInput
from engine.media.amd import LATER_S, PATIENCE_S, Amd, AmdModel, AmdSettings, Evidence, Limits, Verdict
from engine.media.forest import FORMAT
from engine.media.frames import FRAME_S
from engine.media.phrases import Kind
from tests.unit.engine.media.sounds import Pcm, forest, framed, noise, silence, tone

# Half a second of quiet after a voice is a person, more than a second of talking a machine.
PERSON = AmdModel(forest("quiet_s", 0.5, 0.0, 4.0), Limits(0.9, 0.9, 0.01, 0.3, 0.0, 0.0, 0.9), 2)
TALKER = AmdModel(forest("state_s", 1.0, 0.0, -6.0), Limits(0.9, 0.9, 0.01, 0.3, 0.01, 0.01, 0.9), 2)


def run(model: AmdModel, sound: Pcm, voice: tuple[float, float], until: float = 6.0) -> list[Verdict]:
    """Verdicts on ``sound``, flagged as voice between the seconds of ``voice``; then the clock alone until ``until``."""
    amd, verdicts, at = Amd(model), [], 0.0
    for number, frame in enumerate(framed(sound), 1):
        at = number * FRAME_S
        verdicts.append(amd.feed(frame, voice[0] < at <= voice[1], at))
    while at < until:
        at += 0.1
        verdicts.append(amd.advance(at))
    return [each for each in verdicts if each is not None]


def spoken(start: float, end: float, seconds: float) -> Pcm:
    sound = noise(seconds, -20)
    sound[: int(start * 8000)] = 0
    sound[int(end * 8000) :] = 0
    return sound


def test_a_word_and_quiet_is_a_person() -> None:
    (verdict,) = run(PERSON, spoken(0.4, 0.9, 3.0), (0.4, 0.9))
    assert (verdict.kind, verdict.evidence, verdict.revised) == (Kind.PERSON, Evidence.TIMING, False)
    assert 1.4 < verdict.at < 1.55


def test_a_long_text_is_a_machine() -> None:
    (verdict,) = run(TALKER, spoken(0.4, 3.5, 4.0), (0.4, 3.5))
    assert verdict.kind is Kind.VOICEMAIL
    assert verdict.at == pytest.approx(1.4, abs=0.12)


def test_words_name_the_kind_of_a_machine_before_and_after_timing_tells_it() -> None:
    for after in (False, True):
        amd, verdicts = Amd(TALKER), []
        if not after:
            assert amd.named("здравствуйте я помощник абонента", 0.0) is None
        for number, frame in enumerate(framed(spoken(0.4, 3.5, 4.0)), 1):
            verdicts.append(amd.feed(frame, 0.4 < number * FRAME_S <= 3.5, number * FRAME_S))
        if after:
            verdicts.append(amd.named("здравствуйте я помощник абонента", 4.0))
            assert amd.named("что вы сказали", 4.0) is None
        kinds = [each.kind for each in verdicts if each is not None]
        assert kinds == ([Kind.VOICEMAIL] if after else []) + [Kind.SECRETARY]


def test_words_that_name_a_machine_make_none() -> None:
    amd = Amd(PERSON)
    for number, frame in enumerate(framed(spoken(0.4, 0.9, 3.0)), 1):
        amd.feed(frame, 0.4 < number * FRAME_S <= 0.9, number * FRAME_S)
    assert amd.named("оставьте сообщение", 3.0) is None
    assert amd.verdict is not None
    assert amd.verdict.kind is Kind.PERSON


def melody(seconds: float) -> Pcm:
    return np.concatenate([tone(hz, 0.5) + tone(1.5 * hz, 0.5) for hz in (330, 392, 523, 440) * round(seconds / 2)])


def test_a_machine_that_plays_music_is_likely_a_menu_until_it_beeps() -> None:
    (verdict,) = run(TALKER, melody(4.0), (0.1, 4.0), until=4.0)
    assert (verdict.kind, verdict.guessed) == (Kind.IVR, True)
    menu, voicemail = run(TALKER, np.concatenate([melody(4.0), silence(0.5), tone(1200, 0.4)]), (0.1, 4.0))
    assert (menu.kind, voicemail.kind, voicemail.guessed) == (Kind.IVR, Kind.VOICEMAIL, False)


def test_unsure_at_the_deadline() -> None:
    never = replace(PERSON, forest=forest("quiet_s", 99.0, 0.0, 0.0))
    (verdict,) = run(never, spoken(0.4, 0.9, 5.0), (0.4, 0.9))
    assert (verdict.kind, verdict.evidence) == (Kind.UNSURE, Evidence.DEADLINE)
    assert verdict.at == pytest.approx(4.0)
    assert not verdict.kind.machine


def test_silence_in_packets() -> None:
    (verdict,) = run(PERSON, silence(5.0), (9, 9))
    assert verdict.kind is Kind.SILENCE
    assert verdict.at == pytest.approx(4.0)


def test_no_packets_at_all_is_silence_by_the_clock() -> None:
    (verdict,) = run(PERSON, silence(0.0), (9, 9))
    assert verdict.kind is Kind.SILENCE
    assert 4.0 <= verdict.at <= 4.11


def test_packets_that_stop_after_a_word() -> None:
    (verdict,) = run(PERSON, spoken(0.4, 0.9, 1.0), (0.4, 0.9))
    assert verdict.kind is Kind.PERSON
    assert verdict.at < 1.7


def test_fax() -> None:
    (verdict,) = run(PERSON, np.concatenate([silence(0.5), tone(2100, 3.0)]), (0.5, 3.5))
    assert (verdict.kind, verdict.evidence) == (Kind.FAX, Evidence.TONE)
    assert verdict.at < 1.0


def test_a_beep_revises_a_person() -> None:
    sound = np.concatenate([spoken(0.4, 0.9, 2.0), tone(1200, 0.4), silence(1.0)])
    person, machine = run(PERSON, sound, (0.4, 0.9))
    assert person.kind is Kind.PERSON
    assert (machine.kind, machine.revised) == (Kind.VOICEMAIL, True)


def test_a_beep_before_any_word_tells_nothing() -> None:
    sound = np.concatenate([tone(1200, 0.4), silence(0.6), spoken(0.0, 0.5, 1.5)])
    (verdict,) = run(PERSON, sound, (1.0, 1.5))
    assert verdict.kind is Kind.PERSON


def test_phrases_decide_at_once_and_revise() -> None:
    amd = Amd(PERSON)
    amd.advance(0.5)
    verdict = amd.heard("алло да", 0.8)
    assert verdict is not None
    assert (verdict.kind, verdict.evidence) == (Kind.PERSON, Evidence.GREETING)
    assert amd.heard("алло да", 0.9) is None
    machine = amd.heard("алло да я голосовой помощник", 1.5)
    assert machine is not None
    assert (machine.kind, machine.revised) == (Kind.SECRETARY, True)
    assert amd.heard("алло", 2.0) is None


def test_whoever_says_hello_may_talk_as_long_as_he_likes() -> None:
    amd, sound = Amd(replace(TALKER, limits=replace(TALKER.limits, person_from=0.4))), spoken(0.4, 4.5, 4.5)
    verdicts = []
    for number, frame in enumerate(framed(sound), 1):
        at = number * FRAME_S
        verdicts.append(amd.feed(frame, 0.4 < at <= 4.5, at))
        if number == 50:
            assert amd.verdict is not None
            assert amd.heard("алло да", at) is None
    (person,) = [each for each in verdicts if each is not None]
    assert person.kind is Kind.PERSON
    assert amd.verdict is not None
    assert amd.verdict.evidence is Evidence.GREETING


def test_words_are_worth_listening_to_only_while_timing_is_in_doubt() -> None:
    amd = Amd(PERSON)
    opened = []
    for number, frame in enumerate(framed(spoken(0.4, 0.9, 3.0)), 1):
        amd.feed(frame, 0.4 < number * FRAME_S <= 0.9, number * FRAME_S)
        opened.append(amd.open)
    assert opened[0]
    assert not opened[-1]


def test_a_person_who_goes_on_like_a_machine_is_revised_before_the_deadline() -> None:
    hasty = replace(TALKER, limits=replace(TALKER.limits, person_from=0.4))
    person, machine = run(hasty, spoken(0.4, 3.5, 4.0), (0.4, 3.5))
    assert person.kind is Kind.PERSON
    assert (machine.evidence, machine.revised) == (Evidence.LATER_TIMING, True)


def test_a_person_whom_nothing_confirmed_is_revised_at_the_deadline() -> None:
    hesitant = replace(PERSON, forest=forest("state_s", 1.0, 0.5, -1.0))
    limits = replace(hesitant.limits, person_from=0.6, person_later=0.6, revise_at_deadline=0.3)
    person, machine = run(replace(hesitant, limits=limits), spoken(0.4, 4.5, 4.5), (0.4, 4.5))
    assert person.kind is Kind.PERSON
    assert (machine.kind, machine.evidence) == (Kind.VOICEMAIL, Evidence.LATER_TIMING)
    assert machine.at == pytest.approx(4.0)


def test_at_the_deadline_the_closing_forest_is_asked() -> None:
    quiet = replace(PERSON, closing=forest("since_answer", 3.9, 9.0, -9.0))
    person, machine = run(
        replace(quiet, limits=replace(quiet.limits, revise_at_deadline=0.1)), spoken(0.4, 0.9, 3.0), (0.4, 0.9)
    )
    assert (person.kind, machine.kind) == (Kind.PERSON, Kind.VOICEMAIL)
    assert machine.at == pytest.approx(4.0)
    assert AmdModel.parse(quiet.document()).last.probability([4.0] * 66) < 0.01
    assert AmdModel.parse(PERSON.document()).last.document() == PERSON.forest.document()


def test_later_less_makes_a_person() -> None:
    likely = replace(PERSON, forest=forest("quiet_s", 0.2, 0.0, 1.0))
    (verdict,) = run(
        replace(likely, limits=replace(likely.limits, person_later=0.7)), spoken(0.4, 0.9, 3.0), (0.4, 0.9)
    )
    assert verdict.kind is Kind.PERSON
    assert verdict.at == pytest.approx(0.4 + LATER_S, abs=0.1)


def test_nobody_who_may_be_a_person_waits_long() -> None:
    hesitant = replace(PERSON, forest=forest("quiet_s", 9.0, 0.0, 0.0))
    patient = replace(hesitant, limits=replace(hesitant.limits, person_last=0.4))
    (verdict,) = run(patient, spoken(0.4, 3.0, 4.5), (0.4, 3.0))
    assert verdict.kind is Kind.PERSON
    assert verdict.at == pytest.approx(PATIENCE_S, abs=0.1)
    (late,) = run(patient, spoken(1.4, 3.0, 4.5), (1.4, 3.0))
    assert late.at == pytest.approx(1.4 + PATIENCE_S, abs=0.1)


@given(st.lists(st.tuples(st.sampled_from(["voice", "quiet", "gap"]), st.integers(1, 40)), max_size=15))
@settings(max_examples=40)
def test_always_decides_by_the_deadline_and_the_clock_is_monotone(pieces: list[tuple[str, int]]) -> None:
    model = replace(PERSON, forest=forest("near_quiet_s", 0.4, -3.0, 3.0))
    amd, at, verdicts = Amd(model, AmdSettings(deadline_s=2.0)), 0.0, []
    loud, faint = framed(noise(0.02, -20))[0], framed(noise(0.02, -75))[0]
    for what, count in pieces:
        for _ in range(count):
            at += FRAME_S
            if what == "gap":
                verdicts.append(amd.advance(at))
            else:
                verdicts.append(amd.feed(loud if what == "voice" else faint, what == "voice", at))
            assert amd.now == pytest.approx(at)
            assert amd.verdict is not None or at < 2.0
    verdicts.append(amd.advance(max(at, 2.0)))
    told = [each for each in verdicts if each is not None]
    assert told
    assert [each.at for each in told] == sorted(each.at for each in told)
    assert told[0].at <= 2.0 + FRAME_S
    assert not told[0].revised


def test_model_document() -> None:
    document = PERSON.document()
    assert AmdModel.parse(document).limits == PERSON.limits
    assert AmdModel.parse(document).forest.document() == PERSON.forest.document()
    old = {"limits": {"person_from": 0.9}}
    for broken in ({}, document | {"forest": {}}, document | {"vad": "x"}, document | {"forest": None}, document | old):
        with pytest.raises(BadInput) as caught:
            AmdModel.parse(broken)
        assert caught.value.code == "amd-model"
    for other in ({"format": 1}, {"format": FORMAT, "vad": 7}):
        with pytest.raises(BadInput) as caught:
            AmdModel.parse(document | other)
        assert caught.value.code == "amd-model-old"

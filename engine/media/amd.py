"""Who has answered: a person or which machine. PURE; the clock starts at the answer.

Timing decides first, as soon as the classifier is sure enough; tones and a recogniser's phrases are stronger evidence, may
decide earlier, and may revise what timing said, also after the deadline. By the deadline there is a verdict in any case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import IntEnum
from typing import Any, Final

from engine.domain.errors import BadInput
from engine.domain.text import mark
from engine.media.forest import FORMAT, Forest
from engine.media.frames import FRAME_S, Frame, level_dbov
from engine.media.phrases import Kind, kind_of, named
from engine.media.segments import SegmentEvent, SegmentSettings
from engine.media.timing import FEATURES, Timing
from engine.media.tones import Sound, ToneDetector, ToneHeard

STEP_S: Final = 0.06
"""How often the classifier is asked; ``training`` takes its snapshots at the same times."""
LATER_S: Final = 1.2
"""Of a voice: who has not been told by then is believed to be a person more easily."""
LATE_S: Final = 1.0
"""Of an answer: who speaks later than this is late."""
PATIENCE_S: Final = 2.35
"""Since the answer, or the first voice of who is late: no person has to wait much longer, whoever he may be."""

_DOUBT: Final = 0.8
"""Probability of a person below which words are worth a recogniser's time."""
WORD_END_S, WORDS_S, SCREENED_S = 0.2, 2.2, 8.0
"""What was said is looked at after this pause, and without one after so many seconds; nothing after so many since the answer."""


class Evidence(IntEnum):
    """What a verdict rests on; only a higher one revises a lower one."""

    DEADLINE = 0
    TIMING = 1
    LATER_TIMING = 2
    """Taken for a person, but then it went on as only machines do, before the deadline."""
    GREETING = 3
    """«Алло» or «слушаю» was recognised: secretaries say so too."""
    TONE = 4
    PHRASE = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """``at``: seconds since the answer. ``person``: the classifier's probability then. ``revised``: another came before.
    ``guessed``: that it is a menu, from music alone.
    """

    kind: Kind
    at: float
    evidence: Evidence
    person: float
    revised: bool = False
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class AmdSettings:
    """``deadline_s``: a verdict has fallen by then, ``UNSURE`` if need be, which policy treats as a person."""

    deadline_s: float = 4.0
    segments: SegmentSettings = field(default_factory=SegmentSettings)


@dataclass(frozen=True, slots=True)
class Limits:
    """Probabilities of a person from which on a verdict falls: ``person_from`` upwards (``person_later`` once ``LATER_S`` have
    passed since the first voice, ``person_last`` after ``PATIENCE_S``), ``machine_to`` downwards, at the deadline
    ``machine_at_deadline`` downwards. A person becomes a machine from ``revise_to`` downwards, at the deadline from
    ``revise_at_deadline`` downwards.
    """

    person_from: float
    person_later: float
    machine_to: float
    machine_at_deadline: float
    revise_to: float
    revise_at_deadline: float
    person_last: float

    def person(self, now: float, first_voice: float) -> float:
        """From which probability on it is a person ``now``, seconds since the answer."""
        if now - origin(first_voice) >= PATIENCE_S - 1e-9:
            return self.person_last
        return self.person_later if now - first_voice >= LATER_S - 1e-9 else self.person_from


@dataclass(frozen=True, slots=True)
class AmdModel:
    """``limits`` of the probability of a person. ``vad``: webrtcvad's aggressiveness in training. ``closing`` is asked at the deadline,
    when there is no later any more; None: ``forest`` is asked then too.
    """

    forest: Forest
    limits: Limits
    vad: int
    closing: Forest | None = None

    @staticmethod
    def parse(document: Mapping[str, Any]) -> AmdModel:
        """BadInput (``amd-model``) for anything but what ``amd train`` writes for this version's features."""
        try:
            known = document["format"]
            if known != FORMAT:
                raise _old()
            limits = Limits(**{each.name: float(document["limits"][each.name]) for each in fields(Limits)})
            vad, forest, closing = int(document["vad"]), document["forest"], document["closing"]
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput("amd-model", mark("This is not a model of answering-machine detection.")) from error
        model = AmdModel(Forest.parse(forest), limits, vad, Forest.parse(closing))
        if any(each.names != FEATURES for each in (model.forest, model.last)) or not 0 <= vad <= 3:
            raise _old()
        return model

    def document(self) -> dict[str, Any]:
        """What :meth:`parse` reads."""
        forests = {"forest": self.forest.document(), "closing": self.last.document()}
        return {"format": FORMAT, "vad": self.vad, "limits": asdict(self.limits), **forests}

    @property
    def last(self) -> Forest:
        """The forest that is asked at the deadline."""
        return self.closing or self.forest


def origin(first_voice: float) -> float:
    """When a person begins to wait for us: at the answer, or when he speaks, if he is late."""
    return first_voice if first_voice >= LATE_S else 0.0


def _old() -> BadInput:
    return BadInput(
        "amd-model-old",
        mark("This model of answering-machine detection was trained by another version; train it again."),
    )


def kind_of_tone(tone: ToneHeard, first_voice: float | None) -> Kind | None:
    """What a tone tells; a beep or 1100 Hz tells a machine only in its place: after speech, or before any."""
    spoken = first_voice is not None and first_voice < tone.began - 0.5
    match tone.sound:
        case Sound.FAX_ANSWER:
            return Kind.FAX
        case Sound.FAX_CALLING:
            return Kind.VOICEMAIL if spoken else Kind.FAX
        case Sound.BEEP:
            return Kind.VOICEMAIL if spoken else None
        case Sound.INFORMATION | Sound.BUSY:
            return Kind.ANNOUNCEMENT
        case Sound.RINGBACK:
            return None


class Amd:
    """One call. Feed frames in order; call ``advance`` when none come. Each method returns a verdict when there is a new
    one: first the decision, later, perhaps, revisions.
    """

    def __init__(self, model: AmdModel, settings: AmdSettings | None = None) -> None:
        self._model = model
        self._settings = settings or AmdSettings()
        self._tones = ToneDetector()
        self._next = STEP_S
        self._person = 0.5
        self._closed = False
        self._name: Kind | None = None
        self.timing = Timing(self._settings.segments)
        self.verdict: Verdict | None = None
        self.events: list[SegmentEvent] = []
        """Of the last ``feed`` or ``advance``."""
        self.tones: list[ToneHeard] = []
        """Of the last ``feed`` or ``advance``."""

    @property
    def person(self) -> float:
        """The classifier's last probability of a person; one half before it was asked."""
        return self._person

    @property
    def open(self) -> bool:
        """Whether words could still tell more than timing does: nothing is decided, or a person was
        told by timing who goes on as machines do, or a machine by timing to whom nothing has been said yet.
        """
        if self.verdict is None:
            return self._person < _DOUBT
        return self.verdict.evidence <= Evidence.GREETING and (self.verdict.kind.machine or self._person < _DOUBT)

    @property
    def now(self) -> float:
        return self.timing.segmenter.now

    def feed(self, frame: Frame, voiced: bool, at: float) -> Verdict | None:
        """A frame of 160 samples that ended ``at`` seconds after the answer, with webrtcvad's flag."""
        level = level_dbov(frame)
        self.tones = self._tones.feed(frame, level, at)
        self.events = self.timing.feed(level, voiced, self._tones.peak, at)
        return self._consider()

    def advance(self, at: float) -> Verdict | None:
        """No frame since the last one: what has passed until ``at`` was silence."""
        self.tones = self._tones.advance(at) if at > self.now + 2 * FRAME_S else []
        self.events = self.timing.advance(at)
        return self._consider()

    def heard(self, text: str, at: float) -> Verdict | None:
        """What a recogniser has understood so far; partial results may be given again and again."""
        kind = kind_of(text)
        if kind is None:
            return None
        return self._say(kind, Evidence.GREETING if kind is Kind.PERSON else Evidence.PHRASE, max(at, self.now))

    def named(self, text: str, at: float) -> Verdict | None:
        """Words of a recogniser whose finds make a machine of nobody (``phrases.greets``): they name the kind of one that timing
        tells, before or after. A verdict when they name another than the one in force.
        """
        self._name = named(text) or self._name
        before = self.verdict
        if self._name is None or before is None or not before.kind.machine or before.evidence > Evidence.LATER_TIMING:
            return None
        if self._name is before.kind:
            return None
        self.verdict = replace(before, kind=self._name, at=max(at, self.now), revised=True, guessed=False)
        return self.verdict

    def _consider(self) -> Verdict | None:
        by_tone = [kind for tone in self.tones if (kind := kind_of_tone(tone, self.timing.first_voice)) is not None]
        if by_tone:
            return self._say(by_tone[0], Evidence.TONE, self.now)
        if self._closed:
            return None
        late = self.now >= self._settings.deadline_s - 1e-9
        if self.now >= self._next - 1e-9:
            self._next = self.now + STEP_S
            if self.timing.first_voice is not None:
                kind, evidence = self._by_timing()
                if kind is not None:
                    return self._say(kind, evidence, self.now)
        return self._at_deadline() if late else None

    def _by_timing(self) -> tuple[Kind | None, Evidence]:
        assert self.timing.first_voice is not None
        self._person = self._model.forest.probability(self.timing.features())
        limits = self._model.limits
        if self.verdict is not None:
            machine = self._person <= limits.revise_to
            return (Kind.VOICEMAIL if machine else None), Evidence.LATER_TIMING
        if self._person >= limits.person(self.now, self.timing.first_voice):
            return Kind.PERSON, Evidence.TIMING
        return (Kind.VOICEMAIL if self._person <= limits.machine_to else None), Evidence.TIMING

    def _at_deadline(self) -> Verdict | None:
        limits = self._model.limits
        if self.timing.first_voice is not None:
            self._person = self._model.last.probability(self.timing.features())
        if self.verdict is not None:
            machine = self._person <= limits.revise_at_deadline
            revised = self._say(Kind.VOICEMAIL, Evidence.LATER_TIMING, self.now) if machine else None
            self._close()
            return revised
        if self.timing.first_voice is None:
            return self._say(Kind.SILENCE, Evidence.DEADLINE, self.now)
        machine = self._person <= limits.machine_at_deadline
        return self._say(Kind.VOICEMAIL if machine else Kind.UNSURE, Evidence.DEADLINE, self.now)

    def _say(self, kind: Kind, evidence: Evidence, at: float) -> Verdict | None:
        before = self.verdict
        if before is not None and (evidence <= before.evidence or kind is before.kind):
            if kind is before.kind and evidence is Evidence.GREETING > before.evidence:
                self.verdict = replace(before, evidence=evidence)  # whoever says «алло» may go on as long as he likes
                self._close()
            return None
        told = before is not None and before.kind.machine and not before.guessed
        if evidence is Evidence.TONE and told and kind is Kind.VOICEMAIL:
            return None  # a beep does not make a menu or a secretary a voicemail
        guessed = False
        if kind is Kind.VOICEMAIL and evidence <= Evidence.LATER_TIMING:
            guessed = self._name is None and self.timing.music
            kind = Kind.IVR if guessed else self._name or kind
        self.verdict = Verdict(kind, at, evidence, self._person, revised=before is not None, guessed=guessed)
        if kind is not Kind.PERSON or evidence is not Evidence.TIMING:
            self._close()
        return self.verdict

    def _close(self) -> None:
        self._closed = True
        self.timing.close()

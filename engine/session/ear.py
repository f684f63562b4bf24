"""Hearing in one call: frames of the media leg become what the scenario's machine is told.

Everything here runs inline in the event loop, 50 times a second for each listening call; what takes longer than some ten
microseconds (a recogniser) belongs into a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from engine.domain.errors import Unavailable
from engine.media.amd import SCREENED_S, WORD_END_S, WORDS_S, Amd, AmdModel, AmdSettings, Evidence, Verdict
from engine.media.first_words import FirstWords
from engine.media.frames import FRAME, FRAME_S
from engine.media.greeting import GreetingEnd
from engine.media.phrases import SPOKEN, greets
from engine.media.segments import Segmenter, SegmentEvent, VoiceEnded, VoiceHeld, VoiceStarted
from engine.media.silence import SilenceWatch
from engine.scenario import events as said
from engine.scenario.words import Forms, as_written
from engine.session.attention import Attention
from engine.session.messages import EarLost, Message, Perceived
from engine.session.ports import Ears, Gate, Leg, SpeechSource, Vad
from engine.session.returned import Returned

LATE_S = 0.08
"""Frames arrive in bunches of a few; a gap longer than this is silence."""
_VAD = 2
_NAMING_S = 0.5
"""A machine waits so long for the words that tell which one it is; there is no hurry with machines."""
_BYTES = 2 * FRAME
_SILENCE = np.zeros(FRAME, dtype=np.int16)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What all ears of a cell share. ``model`` None: nothing tells machines from people; everyone is a person."""

    ears: Ears
    model: AmdModel | None
    make_vad: Callable[[int], Vad]
    make_gate: Callable[[], Gate]
    read: Callable[[Path, int, int], NDArray[np.int16]]
    """The samples of a prompt's clip from one to another; raises OSError."""
    speech: SpeechSource | None = None
    """None: no recogniser; words are not understood, and silence takes its branch."""
    forms: Forms = as_written
    """What belongs to one word, for matching."""
    amd: AmdSettings = field(default_factory=AmdSettings)


class Ear:
    """One call's. ``deliver`` puts what was perceived into the call's mailbox; times count from ``answered`` (loop time)."""

    def __init__(self, call: str, hearing: Hearing, deliver: Callable[[Message], None]) -> None:
        self._call = call
        self._hearing = hearing
        self._deliver = deliver
        self._leg: Leg | None = None
        self._answered = 0.0
        self._vad: Vad | None = None
        self._segmenter = Segmenter()
        self._first_words = FirstWords(self._segmenter)
        self._greets = False
        """What is said now are his first words, no answer."""
        self._returned = Returned(call)
        self._amd: Amd | None = None
        self._greeting: GreetingEnd | None = None
        self._silence: SilenceWatch | None = None
        self._attention: Attention | None = None
        self._screening: Attention | None = None
        self._untold_until: float | None = None
        self._listening = False
        self._last = 0.0
        self._log = structlog.get_logger("ear").bind(call=call)

    @property
    def attached(self) -> bool:
        return self._leg is not None

    async def attach(self, answered: float) -> bool:
        """Begin to hear; ``answered`` in loop time. False when Asterisk gives no leg: the call goes on without."""
        self._answered = answered
        self._vad = self._hearing.make_vad(self._hearing.model.vad if self._hearing.model else _VAD)
        try:
            self._leg = await self._hearing.ears.attach(self._call, self)
        except Unavailable as error:
            self._log.error("no_ear", error=str(error))
            return False
        return True

    async def detach(self) -> None:
        """Stop hearing; the channel is free for Asterisk's own playback and for other bridges."""
        leg, self._leg = self._leg, None
        self.stop_listening()
        self._stop_screening()
        self._amd = self._greeting = self._untold_until = None  # whoever attaches again asks something else
        if leg is not None:
            try:
                await leg.detach()
            except Unavailable as error:
                self._log.warning("ear_not_detached", error=str(error))

    # ── what the machine wants ──────────────────────────────────────────────────────────────────────────────────

    def screen(self) -> None:
        """Tell people from machines."""
        if self._hearing.model is None or self._leg is None:
            self._perceive(said.PersonDetected())
            return
        self._amd = amd = Amd(self._hearing.model, self._hearing.amd)
        if self._hearing.speech is not None:
            self._screening = Attention(
                self._hearing.speech, self._hearing.make_gate(), SPOKEN, self._opening, self._call,
                end_s=WORD_END_S, longest_s=WORDS_S, wanted=lambda: amd.open,
            )  # fmt: skip

    def listen(self, words: Sequence[str], silence_s: float | None) -> None:
        self.stop_listening()
        self._listening = True
        if words and self._hearing.speech is not None and self._leg is not None:
            gate = self._hearing.make_gate()
            self._attention = Attention(self._hearing.speech, gate, words, self._understood, self._call)
        self._silence = SilenceWatch(silence_s) if silence_s is not None else None

    def stop_listening(self) -> None:
        self._listening, self._silence = False, None
        if self._attention is not None:
            self._attention.close()
            self._attention = None

    def robot_says(self, clip: Path) -> None:
        """To be told before it begins."""
        if self._leg is not None:
            self._returned.robot_says(partial(self._hearing.read, clip), self._now())

    def begin_silence(self) -> None:
        """The prompt has ended: silence counts from now. Whoever is speaking has been, and is not silent."""
        if self._silence is not None:
            self._silence.begin(self._now())
        if self._listening and self._segmenter.held and not self._greets and not self._returned.sounding:
            self._perceive(said.SpeechStarted())

    # ── what the leg tells ──────────────────────────────────────────────────────────────────────────────────────

    def heard(self, pcm: bytes, levels: Sequence[float], now: float) -> None:
        now -= self._answered
        if len(levels) == 1:
            self._frame(pcm, levels[0], max(self._last + 1e-6, now))
            return
        for index, level in enumerate(levels):
            at = max(self._last + 1e-6, now - (len(levels) - 1 - index) * FRAME_S)
            self._frame(pcm[index * _BYTES : (index + 1) * _BYTES], level, at)

    def lost(self) -> None:
        self._deliver(EarLost())

    def _frame(self, pcm: bytes, level: float, at: float) -> None:
        assert self._vad is not None
        self._last = at
        voiced = self._vad.voiced(pcm)
        self._returned.frame(pcm)
        if self._amd is not None:
            frame = _SILENCE if self._returned.sounding else np.frombuffer(pcm, dtype=np.int16)
            self._screened(self._amd, self._amd.feed(frame, voiced, at))
        if events := self._segmenter.feed(level, voiced, at):
            self._segments(events)
        if self._greets or self._returned.sounding:
            self._joins(at)
        if self._attention is not None and not self._greets:
            self._attention.frame(pcm, self._segmenter.active and not self._returned.sounding, at)
        if self._screening is not None:
            self._screening.frame(pcm, self._segmenter.active and not self._returned.sounding, at)
            if at > SCREENED_S:
                self._stop_screening()

    def clock(self, now: float) -> None:
        """Where no packets come, time passes all the same."""
        now -= self._answered
        if now - self._last > LATE_S:
            if self._amd is not None:
                self._screened(self._amd, self._amd.advance(now))
            self._segments(self._segmenter.advance(now))
            self._greets = self._greets and self._first_words.going_on()
            for each in (self._attention, self._screening):
                if each is not None:
                    each.clock(now)
        if self._untold_until is not None and now >= self._untold_until:
            self._tell_verdict()
        if self._silence is not None and self._silence.over(now):
            self._perceive(said.Silence(now))
        if self._greeting is not None and self._greeting.over(now):
            self._greeting = None
            self._perceive(said.GreetingEnded())

    def _segments(self, events: list[SegmentEvent]) -> None:
        for event in events:
            echo = self._is_echo(event)
            if self._screening is not None and not echo:
                self._screening.segment(event)
            if self._silence is not None and not (echo and isinstance(event, VoiceHeld)):
                self._silence.heard(event)
            if not echo and not self._greets:
                self._said(event)

    def _said(self, event: SegmentEvent) -> None:
        if self._attention is not None:
            self._attention.segment(event)
        if self._listening and isinstance(event, VoiceHeld):
            self._perceive(said.SpeechStarted())

    def _is_echo(self, event: SegmentEvent) -> bool:
        """Whether it tells of the robot's own voice. That can only be told of one that has lasted; what was taken for the
        person's until then is forgotten. Not asked where no voice would change anything.
        """
        screening = self._amd is not None and self._segmenter.now < SCREENED_S
        asked = self._listening or self._returned.sounding or screening
        match event:
            case VoiceHeld(began) if asked:
                echo = self._returned.begins(self._segmenter.now, began)
            case VoiceEnded(at, lasted) if asked:
                short = lasted < self._segmenter.settings.held_s
                echo = self._returned.sounding or (short and self._returned.begins(self._segmenter.now, at - lasted))
                self._returned.ends()
            case _:
                return False
        for each in (self._attention, self._screening):
            if echo and each is not None:
                each.forget()
        return echo

    def _joins(self, at: float) -> None:
        """Somebody whose voice was none of an answer (a greeting, an echo) may go on to speak."""
        self._greets = self._greets and self._first_words.going_on()
        if self._segmenter.held and self._returned.joined(at) and self._screening is not None:
            self._screening.segment(VoiceStarted(at))
        if self._segmenter.held and not self._greets and not self._returned.sounding:
            for event in (VoiceStarted(at), VoiceHeld(at)):
                self._said(event)

    def _understood(self, text: str, final: bool, other: bool) -> None:
        if final:
            self._log.info("heard", text=text, other=other)
        spoken = self._attention.spoken(self._now()) if self._attention is not None else None
        self._deliver(Perceived(said.Heard(text, final, other), spoken))

    def _opening(self, text: str, final: bool, _other: bool) -> None:
        """Words of whoever is being screened; the scenario is not told them."""
        if final and text:
            self._log.info("screened", text=text)
        assert self._amd is not None
        verdict = (self._amd.heard if greets(text) else self._amd.named)(text, self._now())
        if final if self._untold_until is not None else verdict is not None:
            self._tell_verdict()

    def _stop_screening(self) -> None:
        if self._screening is not None:
            self._screening.close()
            self._screening = None

    def _screened(self, amd: Amd, verdict: Verdict | None) -> None:
        if self._greeting is not None:
            self._greeting.feed(amd.events, amd.tones)
        if verdict is None:
            return
        if verdict.kind.machine:
            self._greeting = self._greeting or GreetingEnd()
            words = self._screening if verdict.evidence <= Evidence.LATER_TIMING else None
            if words is not None and words.hurry(self._last):
                self._untold_until = self._last + _NAMING_S
                return
        self._tell_verdict()

    def _tell_verdict(self) -> None:
        self._untold_until = None
        verdict = self._amd and self._amd.verdict
        assert verdict
        self._log.info("amd", kind=verdict.kind, at=round(verdict.at, 2), evidence=verdict.evidence.name.lower())
        if verdict.kind.machine:
            self._perceive(said.MachineDetected(said.MachineKind(verdict.kind.value), verdict.guessed))
        else:
            self._greeting = None
            self._first_words.robot_begins()
            self._greets = True
            self._perceive(said.PersonDetected())

    def _perceive(self, event: said.Event) -> None:
        self._deliver(Perceived(event))

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._answered

"""The first seven seconds after an answer, as a caller hears them: people and machines in stated shares, hard ones included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.amd_tools.casting import Cast, Role
from engine.amd_tools.line import RATE, Chance, Line, carried, surroundings
from engine.speech import loudness, noises
from engine.speech.noises import Samples

SECONDS = 7.0
"""Longer than any decision: ours has fallen after 4 s, Asterisk's AMD() after 5."""


@dataclass
class Take:
    """A call being put together. ``first_s``: when its first voice or tone begins; −1 while nothing has."""

    cast: Cast
    chance: Chance
    sound: Samples = field(default_factory=lambda: np.zeros(int(SECONDS * RATE), dtype=np.float32))
    texts: list[str] = field(default_factory=list)
    first_s: float = -1.0
    language: str = ""
    voice: str = ""

    def put(self, at: float, samples: Samples, text: str = "") -> float:
        """Mix in at ``at`` seconds; the time of its end."""
        start = int(at * RATE)
        piece = samples[: max(0, len(self.sound) - start)]
        self.sound[start : start + len(piece)] += piece
        self.first_s = at if self.first_s < 0 else min(self.first_s, at)
        if text:
            self.texts.append(text)
        return at + len(samples) / RATE

    def say(self, at: float, role: Role, kind: str, lasting: tuple[float, float]) -> float:
        spoken = self.cast.says(role, kind, self.chance, lasting)
        return self.put(at, spoken.samples, spoken.text)

    def between(self, low: float, high: float) -> float:
        return float(self.chance.uniform(low, high))

    def person_start(self) -> float:
        return self.between(0.0, 0.4) + self.between(0.0, 0.4)

    def machine_start(self) -> float:
        """Somewhat later than people, but as early as any of them: when a voice begins must not tell by itself."""
        return self.between(0.0, 0.4) + self.between(0.0, 0.7)

    def person(self) -> Role:
        return self._role(person=True)

    def machine(self, *, synthetic: bool = False) -> Role:
        return self._role(person=False, synthetic=synthetic)

    def _role(self, *, person: bool, synthetic: bool = False) -> Role:
        role = self.cast.role(self.chance, person=person, synthetic=synthetic)
        if not self.voice:
            self.voice, self.language = role.voice.id, role.voice.language
        return role


def _waits_and_asks(take: Take, role: Role, end: float) -> None:
    """Nobody answers him: after a while he asks again, more often than not."""
    if take.chance.random() < 0.6:
        take.say(end + take.between(1.4, 2.8), role, "again", (0.3, 1.2))


def _short(take: Take) -> None:
    role = take.person()
    _waits_and_asks(take, role, take.say(take.person_start(), role, "short", (0.25, 1.0)))


def _long(take: Take) -> None:
    role = take.person()
    _waits_and_asks(take, role, take.say(take.person_start(), role, "long", (1.1, 2.4)))


def _late(take: Take) -> None:
    role = take.person()
    _waits_and_asks(take, role, take.say(take.between(1.0, 2.5), role, "short", (0.25, 1.0)))


def _repeated(take: Take) -> None:
    role = take.person()
    end = take.say(take.person_start(), role, "short", (0.25, 0.8))
    for _ in range(int(take.chance.integers(1, 3))):
        end = take.say(end + take.between(0.35, 1.2), role, "again", (0.25, 1.1))


def _two_people(take: Take) -> None:
    """A second voice, farther away, before, after or over the answer."""
    end = take.say(take.person_start(), take.person(), "short", (0.25, 1.0))
    aside = take.cast.says(take.person(), "aside", take.chance, (0.5, 1.6))
    at = max(0.0, end + take.between(-1.6, 1.0))
    take.put(at, (aside.samples * 10 ** (-take.between(6, 16) / 20)).astype(np.float32), aside.text)


def _beep(take: Take, end: float) -> None:
    tone = noises.tone(take.between(420, 1900), take.between(0.18, 0.9), take.between(-26, -14))
    take.put(end + take.between(0.1, 0.7), tone, "<beep>")


def _greeting(take: Take, start: float) -> None:
    _beep(take, take.say(start, take.machine(), "voicemail", (3.0, 6.5)))


def _voicemail(take: Take) -> None:
    _greeting(take, take.machine_start())


def _late_greeting(take: Take) -> None:
    _greeting(take, take.between(1.0, 3.0))


def _short_greeting(take: Take) -> None:
    _beep(take, take.say(take.machine_start(), take.machine(), "voicemail_short", (0.9, 2.2)))


def _announcement(take: Take) -> None:
    role = take.machine()
    start = take.machine_start()
    if take.chance.random() < 0.2:
        start = _sit(take, start)
    end = take.say(start, role, "announcement", (3.0, 6.0))
    take.say(end + take.between(0.3, 1.2), role, "announcement", (3.0, 6.0))


def _sit(take: Take, at: float) -> float:
    """Special information tones (ITU-T E.180): 950, 1400, 1800 Hz, 330 ms each."""
    for hz in (950.0, 1400.0, 1800.0):
        at = take.put(at, noises.tone(hz * take.between(0.99, 1.01), 0.33, -20.0), "<sit>")
    return at + take.between(0.1, 0.8)


def _secretary(take: Take) -> None:
    """Greets, pauses as a person does, then says what it is; some say it in one breath."""
    role = take.machine(synthetic=True)
    texts = take.cast.texts(role, "secretary")
    at = take.machine_start()
    for part in texts[take.chance.integers(len(texts))]:
        spoken = take.cast.says_text(role, part, take.chance)
        at = take.put(at, spoken.samples, spoken.text) + take.between(0.25, 0.95)


def _ivr(take: Take) -> None:
    role, at = take.machine(), take.machine_start()
    if take.chance.random() < 0.5:
        at = take.put(at, take.cast.music(take.between(1.0, 3.5), take.chance), "<music>") + take.between(0.0, 0.3)
    end = take.say(at, role, "ivr", (2.5, 6.0))
    take.put(end + take.between(0.2, 0.6), take.cast.music(6.0, take.chance), "<music>")


def _music_first(take: Take) -> None:
    end = take.put(take.between(0.0, 0.6), take.cast.music(take.between(1.2, 3.5), take.chance), "<music>")
    _greeting(take, end + take.between(0.0, 0.4))


def _fax(take: Take) -> None:
    at = take.between(0.2, 1.5)
    if take.chance.random() < 0.25:  # some machines send the calling tone: 0.5 s on, 3 s off (T.30)
        while at < SECONDS:
            at = take.put(at, noises.tone(take.between(1070, 1130), 0.5, -18.0), "<cng>") + 3.0
    else:
        take.put(at, noises.tone(take.between(2088, 2112), 3.0, -16.0), "<ced>")
        take.put(at + 3.075, noises.fax()[int(3.075 * RATE) :])


def _silence(take: Take) -> None:
    """Answered, and nobody speaks."""


@dataclass(frozen=True, slots=True)
class Sort:
    """``share``: of all calls. ``noisy``/``flawed``: shares of its lines with noise around and with a flaw."""

    kind: str
    share: float
    make: Callable[[Take], None]
    noisy: float = 0.15
    flawed: float = 0.2


SORTS: Mapping[str, Sort] = {
    "short answer": Sort("person", 0.22, _short, 0.3, 0.25),
    "long answer": Sort("person", 0.06, _long, 0.3, 0.25),
    "late answer": Sort("person", 0.07, _late, 0.3, 0.25),
    "repeated answer": Sort("person", 0.06, _repeated, 0.3, 0.25),
    "two people": Sort("person", 0.04, _two_people, 0.3, 0.25),
    "greeting": Sort("voicemail", 0.15, _voicemail, 0.1, 0.15),
    "short greeting": Sort("voicemail", 0.05, _short_greeting, 0.1, 0.15),
    "late greeting": Sort("voicemail", 0.04, _late_greeting, 0.1, 0.15),
    "music, greeting": Sort("voicemail", 0.03, _music_first, 0.1, 0.15),
    "announcement": Sort("announcement", 0.12, _announcement, 0.0, 0.15),
    "secretary": Sort("secretary", 0.04, _secretary, 0.1, 0.15),
    "menu": Sort("ivr", 0.06, _ivr, 0.0, 0.15),
    "fax": Sort("fax", 0.02, _fax, 0.1, 0.15),
    "silence": Sort("silence", 0.04, _silence, 0.5, 0.2),
}


@dataclass(frozen=True, slots=True)
class Call:
    """A finished call. ``person``: None for silence, which is neither."""

    sort: str
    kind: str
    line: Line
    first_s: float
    language: str
    voice: str
    texts: tuple[str, ...]
    samples: Samples


def make(cast: Cast, sort: str, seed: tuple[int, ...]) -> Call:
    """The same ``seed`` gives the same samples, given the same voices."""
    chance = np.random.default_rng(seed)
    recipe = SORTS[sort]
    take = Take(cast, chance)
    recipe.make(take)
    line = Line.drawn(chance, noisy=recipe.noisy, flawed=recipe.flawed)
    chatter = cast.chatter(chance) if line.noise in ("tv", "babble") else []
    around = surroundings(line.noise, SECONDS, chatter, chance)
    sound = loudness.limited(take.sound, RATE)
    heard = carried(sound, line, around, chance)
    return Call(sort, recipe.kind, line, take.first_s, take.language, take.voice, tuple(take.texts), heard)

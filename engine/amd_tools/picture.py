"""A recording as the detector hears it, as an SVG written by hand: level, voice segments, the probability of a person, verdicts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.amd_tools.listening import frames
from engine.amd_tools.recordings import Recording, opening
from engine.media.amd import Amd, AmdModel, Verdict
from engine.media.frames import FRAME_S, level_dbov
from engine.media.segments import VoiceEnded, VoiceStarted
from engine.media.tones import ToneHeard
from engine.speech.noises import Samples

_WIDTH, _LEFT, _SECONDS = 760.0, 60.0, 5.0
_LEVEL_TOP, _LEVEL_HEIGHT = 30.0, 110.0
_CHANCE_TOP, _CHANCE_HEIGHT = 160.0, 90.0
_HEIGHT = 300.0
_LOUDEST, _FAINTEST = -10.0, -75.0


@dataclass
class _Course:
    levels: list[float] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)
    voices: list[tuple[float, float]] = field(default_factory=list)
    chances: list[tuple[float, float]] = field(default_factory=list)
    tones: list[ToneHeard] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)


def draw(path: Path, model: AmdModel, title: str) -> str:
    """The first five seconds of a recording that begins at the answer. BadInput when it cannot be read."""
    course = _follow(opening(Recording(path, path.name, "")), model)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{_WIDTH:.0f}" height="{_HEIGHT:.0f}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="18" font-weight="bold">{title}</text>',
        *_frame(model),
    ]
    for start, end in course.voices:
        parts.append(_box(start, end, _LEVEL_TOP, _LEVEL_HEIGHT, "#dbe9ff"))
    for tone in course.tones:
        parts.append(_box(tone.began, tone.ended, _LEVEL_TOP, _LEVEL_HEIGHT, "#ffe2b8"))
        parts.append(_text(tone.began, _LEVEL_TOP + 12, f"{tone.sound.name.lower()} {tone.hz:.0f} Hz"))
    parts.append(_line([(i * FRAME_S, _level_y(x)) for i, x in enumerate(course.levels)], "#1f4e9c", 1.2))
    parts.append(_line([(i * FRAME_S, _level_y(x)) for i, x in enumerate(course.floors)], "#9aa5b1", 1.0))
    parts.append(_line([(at, _chance_y(x)) for at, x in course.chances], "#1f7a3a", 2.0))
    for verdict in course.verdicts:
        x = _x(verdict.at)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_LEVEL_TOP}" y2="{_CHANCE_TOP + _CHANCE_HEIGHT}" stroke="#c0392b"/>'
        )
        words = f"{verdict.kind.value}, {verdict.at:.2f} s ({verdict.evidence.name.lower().replace('_', ' ')})"
        parts.append(_text(verdict.at, _CHANCE_TOP + 14 + 14 * verdict.revised, words, "#c0392b"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _follow(samples: Samples, model: AmdModel) -> _Course:
    course, started = _Course(), 0.0
    amd = Amd(model)
    for frame, voiced, at in frames(samples, model.vad):
        if at > _SECONDS:
            break
        collecting = amd.verdict is None or not amd.verdict.kind.machine
        verdict = amd.feed(frame, voiced, at)
        course.levels.append(level_dbov(frame))
        course.floors.append(amd.timing.segmenter.floor_dbov)
        course.tones += [tone for tone in amd.tones if tone.over]
        for event in amd.events:
            match event:
                case VoiceStarted(began):
                    started = began
                case VoiceEnded(ended):
                    course.voices.append((started, ended))
                case _:
                    pass
        if collecting and amd.timing.first_voice is not None:
            course.chances.append((at, amd.person))
        if verdict is not None:
            course.verdicts.append(verdict)
    if amd.timing.segmenter.started is not None:
        course.voices.append((amd.timing.segmenter.started, amd.timing.segmenter.last_active))
    return course


def _frame(model: AmdModel) -> list[str]:
    bottom = _CHANCE_TOP + _CHANCE_HEIGHT
    parts = []
    for second in range(int(_SECONDS) + 1):
        x = _x(second)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_LEVEL_TOP}" y2="{bottom}" stroke="#e5e5e5"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{second} s</text>')
    for limit in (model.limits.person_from, model.limits.machine_to):
        y = _chance_y(limit)
        parts.append(f'<line x1="{_LEFT}" x2="{_x(_SECONDS):.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="#1f7a3a" '
                     'stroke-dasharray="3 4"/>')  # fmt: skip
    parts.append(f'<text x="8" y="{_LEVEL_TOP + 60}">level</text>')
    parts.append(f'<text x="8" y="{_CHANCE_TOP + 50}">P(person)</text>')
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 8}" fill="#555">blue: voice; grey line: noise floor; orange: tone; '
                 "dashed: limits at which a verdict falls</text>")  # fmt: skip
    return parts


def _box(start: float, end: float, top: float, height: float, colour: str) -> str:
    return f'<rect x="{_x(start):.1f}" y="{top}" width="{_x(end) - _x(start):.1f}" height="{height}" fill="{colour}"/>'


def _text(at: float, y: float, words: str, colour: str = "#333") -> str:
    return f'<text x="{_x(at) + 4:.1f}" y="{y}" fill="{colour}">{words}</text>'


def _line(points: list[tuple[float, float]], colour: str, width: float) -> str:
    path = " ".join(f"{_x(at):.1f},{y:.1f}" for at, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _x(at: float) -> float:
    return _LEFT + at / _SECONDS * (_WIDTH - _LEFT - 20)


def _level_y(level: float) -> float:
    share = (min(_LOUDEST, max(_FAINTEST, level)) - _FAINTEST) / (_LOUDEST - _FAINTEST)
    return _LEVEL_TOP + _LEVEL_HEIGHT * (1 - share)


def _chance_y(chance: float) -> float:
    return _CHANCE_TOP + _CHANCE_HEIGHT * (1 - chance)

"""What was said and heard in a call, from the steps of the scenario's machine. Plain bookkeeping without I/O.

Times are seconds since the answer, as the engine saw it: a prompt begins when it is asked for, some hundredths of a second before its
first sample reaches the line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.domain.attempt import Turn, TurnKind
from engine.domain.prompt import Prompt, SpeechPrompt
from engine.scenario import commands as do
from engine.scenario import events as said
from engine.scenario.state import State, Step
from engine.session.messages import Spoken


class Transcript:
    """Fed with each step in order."""

    def __init__(self) -> None:
        self._turns: list[Turn] = []
        self._playing: tuple[str, int] | None = None
        """A prompt's play id and its turn."""

    @property
    def turns(self) -> tuple[Turn, ...]:
        return tuple(self._turns)

    def add(self, event: said.Event, spoken: Spoken | None, before: State, step: Step, at: float) -> None:
        """``event`` came ``at`` seconds after the answer and led from ``before`` to ``step``; ``spoken`` tells when what was
        heard was said.
        """
        node, led_to = before.node or "", ">".join(step.state.path[len(before.path) :])
        match event:
            case said.Heard(text, final):
                # A partial result counts when it decided: no final one comes after it then.
                if text and (final or led_to):
                    when = spoken or Spoken(at, at, None)
                    start = round(when.start_s, 2), round(when.end_s, 2)
                    self._append(TurnKind.HEARD, text, *start, node, led_to, when.confidence)
            case said.Digit(symbol):
                self._key(symbol, round(at, 2), node, led_to)
            case said.PlayFinished(play_id):
                self._end(at, interrupted=False, only=play_id)
            case said.PlayFailed() | said.HungUp():
                self._end(at, interrupted=True)
            case _:
                pass
        self._commands(step.commands, step.state.node or "", at)

    def _commands(self, commands: Iterable[do.Command], node: str, at: float) -> None:
        for command in commands:
            match command:
                case do.Play(play_id, prompt):
                    self._end(at, interrupted=True)
                    kind, text = _of(prompt)
                    self._append(kind, text, round(at, 2), None, node)
                    self._playing = play_id, len(self._turns) - 1
                case do.StopPlay(play_id):
                    self._end(at, interrupted=True, only=play_id)
                case _:
                    pass

    def _end(self, at: float, *, interrupted: bool, only: str | None = None) -> None:
        if self._playing is None or only not in (None, self._playing[0]):
            return
        n, self._playing = self._playing[1], None
        self._turns[n] = replace(self._turns[n], end_s=round(at, 2), interrupted=interrupted)

    def _key(self, symbol: str, at: float, node: str, led_to: str) -> None:
        """Keys of one input are one turn."""
        last = self._turns[-1] if self._turns else None
        if last is not None and last.kind is TurnKind.KEYS and (last.node, last.led_to) == (node, ""):
            self._turns[-1] = replace(last, text=last.text + symbol, end_s=at, led_to=led_to)
        else:
            self._append(TurnKind.KEYS, symbol, at, at, node, led_to)

    def _append(
        self,
        kind: TurnKind,
        text: str,
        start_s: float,
        end_s: float | None,
        node: str,
        led_to: str = "",
        confidence: float | None = None,
    ) -> None:
        self._turns.append(Turn(len(self._turns), kind, text, start_s, end_s, node, led_to, confidence))


def _of(prompt: Prompt) -> tuple[TurnKind, str]:
    if isinstance(prompt, SpeechPrompt):
        return TurnKind.SAID, prompt.text
    return TurnKind.PLAYED, prompt.material

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from engine.domain.errors import Unavailable
from engine.keeper import MOST, PAUSES_S, Keeper, Part


@dataclass
class World:
    """A part that lives until it is ended, and a clock that only sleeping moves."""

    now: float = 0.0
    alive: bool = True
    refuses: bool = False
    starts: int = 0
    slept: list[float] = field(default_factory=list)

    def start(self) -> None:
        self.starts += 1
        if self.refuses:
            raise Unavailable("no", "no")
        self.alive = True

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)

    def keeper(self) -> Keeper:
        return Keeper([Part("part", lambda: self.alive, self.start)], lambda: self.now, self.sleep)


def test_what_runs_is_left_alone() -> None:
    world = World()
    world.keeper().look()
    assert (world.starts, world.slept) == (0, [])


def test_what_ended_is_started_at_once_and_then_ever_later() -> None:
    world = World()
    keeper = world.keeper()
    for _ in range(MOST):
        world.alive = False
        keeper.look()
        assert world.alive
    assert world.slept == list(PAUSES_S)


def test_what_ends_again_and_again_is_given_up() -> None:
    world = World(refuses=True, alive=False)
    keeper = world.keeper()
    for _ in range(MOST):
        keeper.look()
    with pytest.raises(Unavailable) as caught:
        keeper.look()
    assert caught.value.code == "part_ends"


def test_ends_of_long_ago_are_forgotten() -> None:
    world = World()
    keeper = world.keeper()
    for _ in range(3 * MOST):
        world.alive = False
        keeper.look()
        world.now += 100
    assert world.starts == 3 * MOST

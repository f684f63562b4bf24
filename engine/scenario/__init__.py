"""PURE. What happens in a call, as a document and a machine.

``document`` defines the scenario, ``check`` finds its problems, ``machine.start`` and ``machine.step`` run one call
of it: ``step(scenario, state, event) -> Step(state, commands)``. ``simulate`` walks it in a terminal. No clock,
chance or I/O: time reaches the machine as ``events.TimerFired``. See ``docs/scenario.md``.
"""

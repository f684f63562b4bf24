"""Values and rules shared by every part of the engine. Standard library only; no clock, no I/O."""

"""Running a speech program: argument list, text on standard input, a deadline, no shell."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.domain.errors import Unavailable
from engine.domain.text import mark


async def run(argv: Sequence[str], stdin: str, env: Mapping[str, str], timeout_s: float, title: str) -> bytes:
    """Run ``argv`` with ``env`` on top of this process's environment and return what it printed.

    Unavailable (naming the program by ``title``) when it is missing, fails or takes longer than ``timeout_s``.
    The program is killed on timeout and on cancellation, so that a stuck voice cannot pile up.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **env},
        )
    except OSError as error:
        raise Unavailable(
            "speech-program-missing", mark("{program} cannot be started: {reason}."), program=title, reason=str(error)
        ) from error
    try:
        printed, complaint = await asyncio.wait_for(process.communicate(stdin.encode()), timeout_s)
    except TimeoutError as error:
        raise Unavailable(
            "speech-timeout",
            mark("{program} did not finish within {seconds} s."),
            program=title,
            seconds=f"{timeout_s:g}",
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = complaint.decode(errors="replace").strip().splitlines()
        raise Unavailable(
            "speech-program-failed",
            mark("{program} failed ({status}): {reason}."),
            program=title,
            status=process.returncode,
            reason=lines[-1] if lines else "-",
        )
    return printed


def require_sound(out: Path, title: str) -> None:
    """Unavailable unless ``out`` is more than a bare WAV header: without its voices a program may exit with success."""
    if not out.is_file() or out.stat().st_size <= 44:
        raise Unavailable(
            "speech-no-sound", mark("{program} produced no sound. Are its voices installed?"), program=title
        )

"""Puts the engine together. The only module that knows all adapters."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import structlog

from engine.ari.client import Ari
from engine.ari.early import ARGS as EARLY
from engine.ari.early import AriTaps
from engine.ari.ears import AriEars
from engine.ari.messages import ChannelDestroyed, Event
from engine.ari.phone import AriPhone, translate
from engine.ari.socket import EventSocket
from engine.dialer.loop import Dialer
from engine.dialer.recovery import Recovery
from engine.domain.attempt import CallRecord
from engine.domain.errors import Unavailable
from engine.domain.telephony import Connected
from engine.hearing import hearing
from engine.host.asterisk_tree import AsteriskInstall, find_asterisk, tool_argv
from engine.session.desk import Desk
from engine.session.early import EarlyHearing
from engine.session.recording import Recordings
from engine.session.switchboard import Switchboard
from engine.settings import EngineSettings
from engine.speech.clips import ClipStore
from engine.speech.espeak import Espeak
from engine.speech.g711 import samples16
from engine.speech.gtts_speaker import GoogleSpeaker
from engine.speech.pyttsx3_speaker import Pyttsx3
from engine.speech.recording_worker import RecordingWorker
from engine.speech.rhvoice import RHVoice
from engine.speech.speaker import Speaker
from engine.speech.vad import Vad
from engine.storage.calls import Calls
from engine.storage.campaigns import Campaigns
from engine.storage.database import Listener, migrate, open_database
from engine.storage.lease import cell_lease
from engine.telemetry import Metrics

log = structlog.get_logger("engine")
DRAIN_S = 15.0
"""At the end of the process: time for the calls in progress to be hung up and written."""
CONVERT_S = 3.0
"""And for recordings to be converted; what is not done by then is done at the next start."""
INSIST_S = 1.0
YOUNG_OBJECTS = 10_000
"""A collection of new objects begins when there are so many: half a millisecond. Python's own 700 are those of two attempts, all of
which still go on, so that looking at them found nothing and took a fifteenth of the engine's time.
"""
ASTERISK_SOUNDS = "asterisk:"
"""A material named ``asterisk:hello-world`` is one of Asterisk's own Russian sounds."""


def speakers(install: AsteriskInstall | None) -> dict[str, Speaker]:
    """The voices' providers; those of the Asterisk tree only where there is one."""
    found: dict[str, Speaker] = {"gtts": GoogleSpeaker(), "pyttsx3": Pyttsx3()}
    if install is None:
        return found
    share = install.root / "usr" / "share"
    for name, make in (("rhvoice", _rhvoice), ("espeak", _espeak)):
        try:
            found[name] = make(install, share)
        except Unavailable as error:
            log.warning("voice_missing", provider=name, error=str(error))
    return found


def _rhvoice(install: AsteriskInstall, share: Path) -> Speaker:
    inside = share / "RHVoice"
    env = {"RHVOICE_DATA_PATH": str(inside), "RHVOICE_CONFIG_PATH": str(install.root / "etc" / "RHVoice")}
    return RHVoice(tool_argv(install, "usr/bin/RHVoice-test"), env if inside.is_dir() else {})


def _espeak(install: AsteriskInstall, share: Path) -> Speaker:
    data = next(iter((install.root / "usr" / "lib").glob("*/espeak-ng-data")), share / "espeak-ng-data")
    env = {"ESPEAK_DATA_PATH": str(data.parent)} if data.is_dir() else {}
    return Espeak(tool_argv(install, "usr/bin/espeak-ng"), env)


def clip_store(media: Path, install: AsteriskInstall | None) -> ClipStore:
    """Clips below ``media``; materials by name in ``media/materials``."""

    def material(name: str) -> Path:
        if name.startswith(ASTERISK_SOUNDS) and install is not None:
            return russian_sounds(install) / f"{Path(name.removeprefix(ASTERISK_SOUNDS)).name}.wav"
        return media / "materials" / Path(name).name

    return ClipStore(media / "clips", speakers(install), material)


def russian_sounds(install: AsteriskInstall) -> Path:
    """The folder of Asterisk's Russian prompts; it may not exist."""
    return next(iter(sorted(install.sounds.glob("ru*"))), install.sounds / "ru")


async def _refuse(phone: AriPhone, event: Connected) -> None:
    """Calls that come in are answered by scenarios of later releases; until a number has one, the caller hears busy."""
    log.info("inbound_refused", channel=event.channel)
    await phone.hang_up(event.channel, 17)


@asynccontextmanager
async def running(settings: EngineSettings, metrics: Metrics) -> AsyncIterator[Dialer]:
    """An engine at work; on leaving, its calls are ended and written. Raises Unavailable when it cannot begin, Refused when
    another one works under this cell's name.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.dsn))
        await migrate(database)
        await stack.enter_async_context(cell_lease(settings.dsn, settings.cell))
        ari = await stack.enter_async_context(Ari(settings.ari, settings.ari_user, settings.ari_password))
        await ari.ping()
        phone = AriPhone(ari, settings.app)
        store, campaigns = Calls(database), Campaigns(database)
        switchboard = Switchboard(phone, lambda event: _refuse(phone, event), metrics.calls.set)
        clips = clip_store(settings.media, find_asterisk(settings.state, settings.asterisk_home))
        recordings = settings.media / "recordings"
        recordings.mkdir(parents=True, exist_ok=True)
        ears, taps = AriEars(ari, settings.app, samples16), AriTaps(ari, settings.app)
        metrics.hearing(lambda: ears.frames, lambda: ears.lost)
        await taps.sweep()
        heard_with = await stack.enter_async_context(hearing(settings, ears))
        early = EarlyHearing(taps, Vad, samples16)
        desk = Desk(switchboard, phone, store, campaigns, clips, recordings, settings.most_calls, heard_with, early)
        kept = await stack.enter_async_context(_recordings(settings, recordings, store))

        def ended(record: CallRecord) -> None:
            metrics.ended(record)
            if record.answered_at is not None:
                kept.add(record.call_id)

        dialer = Dialer(campaigns, store, desk, settings.cell, ended)
        recovery = Recovery(store, switchboard, kept, settings.cell, dialer.in_progress, settings.silent_s)
        await store.beat(settings.cell)

        def heard(event: Event) -> None:
            if isinstance(event, ChannelDestroyed):
                ears.ended(event.channel.id)
            told = translate(event)
            if isinstance(told, Connected) and told.args == (EARLY,):
                taps.arrived(told.channel)
            elif told is not None:
                switchboard.deliver(told)

        async def up() -> None:
            metrics.ari_up.set(1)
            # What a dead engine left is settled before its channels are swept away: it tells which calls still ran.
            await _insist(recovery.take_up, switchboard.reconcile, ears.reconcile)
            dialer.connected(True)

        def down() -> None:
            metrics.ari_up.set(0)
            switchboard.disconnected()
            dialer.connected(False)

        work: list[Callable[[], Awaitable[None]]] = [
            EventSocket(ari, settings.app, heard, up, down).run,
            dialer.run,
            Listener(settings.dsn, ("dozvon_campaign",), lambda _, __: dialer.wake()).run,
            partial(_beat, recovery),
            partial(_sweep, clips),
            metrics.probe_lag,
        ]
        tasks = [asyncio.ensure_future(_supervised(each)) for each in work]
        try:
            yield dialer
        finally:
            await _shut_down(dialer, switchboard, tasks)


@asynccontextmanager
async def _recordings(settings: EngineSettings, folder: Path, store: Calls) -> AsyncIterator[Recordings]:
    worker = RecordingWorker(settings.recording)
    kept = Recordings(folder, worker, store)
    try:
        yield kept
    finally:
        await kept.close(CONVERT_S)
        await worker.close()


async def _shut_down(dialer: Dialer, switchboard: Switchboard, tasks: list[asyncio.Task[None]]) -> None:
    dialer.close()
    switchboard.stop_all("engine_stopped")
    try:
        await asyncio.wait_for(dialer.drain(), DRAIN_S)
    except TimeoutError:
        log.error("not_drained", calls=len(switchboard))  # recovery closes them at the next start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _insist(*steps: Callable[[], Awaitable[object]]) -> None:
    """Each of ``steps`` in order, all of them again until none finds its server away."""
    missed = True
    while missed:
        missed = False
        for step in steps:
            try:
                await step()
            except Unavailable as error:
                log.error("not_recovered", error=str(error))
                missed = True
        if missed:
            await asyncio.sleep(INSIST_S)


async def _supervised(work: Callable[[], Awaitable[None]]) -> None:
    """A part of the engine that breaks is begun anew: the others rely on it."""
    while True:
        try:
            return await work()
        except Exception:
            log.exception("part_crashed")
            await asyncio.sleep(INSIST_S)


async def _beat(recovery: Recovery) -> None:
    """Tell that the cell lives, and take over what dead cells left."""
    while True:
        await asyncio.sleep(recovery.beat_s)
        try:
            await recovery.beat()
        except Unavailable as error:
            log.error("beat_failed", error=str(error))


async def _sweep(clips: ClipStore) -> None:
    """Once a day: what was spoken to somebody by name does not lie there for ever."""
    while True:
        try:
            log.info("clips_swept", deleted=await asyncio.to_thread(clips.sweep))
        except OSError as error:
            log.error("clips_not_swept", error=str(error))
        await asyncio.sleep(86400)


async def run_engine(settings: EngineSettings) -> None:
    """Run until SIGTERM or SIGINT."""
    metrics = Metrics()
    if settings.metrics_port:
        metrics.serve(settings.metrics_port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings, metrics):
        gc.collect()
        gc.freeze()  # what start-up has made stays; a full collection that went through it would stop every call for 30 ms
        gc.set_threshold(YOUNG_OBJECTS)
        log.info("engine_started", cell=settings.cell, ari=settings.ari)
        await stop.wait()
        log.info("engine_stopping")

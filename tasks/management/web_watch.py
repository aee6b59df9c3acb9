"""The watch over the web server: a process that hangs is replaced, whichever it is.

Each process that answers requests sends a heartbeat once a second to the process that started it,
which kills one that has fallen silent; the server then starts another in its place. The server's
own process is replaced by its supervisor: `manage.py up`, or `manage.py web` where that runs alone.
Being busy is no silence, as the heartbeat has a thread of its own.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from granian.server.common import AbstractServer

from tasks.management.supervision import CHECKED, LOOKS, Child, end_on_signals, manage, say
from tasks.management.web_server.threads import Threads
from tasks.monitoring import readiness

log = logging.getLogger(__name__)

WEDGED = 25.0  # seconds without a heartbeat, after which a process is killed
LONGER = 1.6  # times as long, the whole server is replaced where a process of it is still stopped
BUSY = 30.0  # seconds in which no thread has become free, after which the log says so
FIRST_SECONDS = 15.0  # in which a server that ends by itself could not start
REFUSED = range(1, 128)  # exit codes of a server that ended by itself


def supervise(wedged: float) -> None:
    """Run this same command as a child that is replaced when it dies or hangs, until we end.

    What cannot start ends us with its own exit code: starting it again and again would hide it.
    """
    end_on_signals()
    command = manage(*sys.argv[1:], CHECKED, "--unsupervised")
    server = Child("web", command, piped=False, suspended=LONGER * wedged)
    try:
        server.start()
        began = time.monotonic()
        while True:
            is_new = time.monotonic() - began < FIRST_SECONDS
            if is_new and (code := server.exit_code) in REFUSED:
                sys.exit(code)
            server.keep_alive()
            time.sleep(0.5)
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()


def serve(
    server: AbstractServer[Any], load: Callable[[Threads], Any], *, threads: int, wedged: float
) -> None:
    """Serve what `load` returns in each process, and replace processes that fall silent."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    watching = threading.Thread(target=_watch, args=(server, receiver, wedged), daemon=True)
    server.on_startup(watching.start)
    server.serve(target_loader=partial(_load, load, sender, threads), wrap_loader=False)


def _load(load: Callable[[Threads], Any], sender: Connection, number: int) -> Any:
    """Load the site in a process that is to answer requests, which beats from now on.

    It also begins to try whether it can work, see `/readyz`.
    """
    threads = Threads(number)
    loop = asyncio.get_event_loop()  # granian's, which does not run yet
    threading.Thread(target=_beat, args=(sender, loop, threads), daemon=True).start()
    site = load(threads)
    readiness.latest.begin()
    return site


def _beat(sender: Connection, loop: asyncio.AbstractEventLoop, threads: Threads) -> None:
    was_stuck = False
    while True:
        send_heartbeat(sender, loop)
        is_stuck = threads.are_held(BUSY)
        if is_stuck and not was_stuck:
            log.warning(
                "All threads of a web process have been busy for %.0f s. Does the database answer?",
                BUSY,
            )
        was_stuck = is_stuck
        time.sleep(1)


def send_heartbeat(sender: Connection, loop: asyncio.AbstractEventLoop) -> None:
    """Send one, through the event loop where that runs: a blocked loop answers nobody."""
    if loop.is_running():
        loop.call_soon_threadsafe(sender.send, os.getpid())
    else:
        sender.send(os.getpid())


def _watch(server: AbstractServer[Any], receiver: Connection, wedged: float) -> None:
    """Kill processes of the server whose heartbeats fail; the server replaces what has died.

    One after the other, because granian may miss a death in the moment in which it handles another.
    """
    heard: dict[int, float] = {}
    looked_at = time.monotonic()
    while True:
        if receiver.poll(wedged / LOOKS):
            try:
                heard[receiver.recv()] = time.monotonic()
            except EOFError:  # the server has ended
                return
        now = time.monotonic()
        if now - looked_at > wedged / 2:  # we were stopped ourselves: nobody was heard
            heard = dict.fromkeys(heard, now)
        looked_at = now
        for worker in list(server.wrks):
            last = max(worker.birth, heard.get(worker.inner.pid, 0.0))
            if now - last > wedged:
                say(f"A web process was silent for {now - last:.0f} s; starting another.")
                heard[worker.inner.pid] = now
                worker.inner.kill()
                time.sleep(1)
                break

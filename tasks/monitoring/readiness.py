"""Whether this process can serve pages, tried beside the requests: a question costs nothing.

Each probe is at most ten seconds old, or counts as failed: one that hangs is no longer answered.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from django.db import close_old_connections

from tasks.monitoring.probes import PROBES, limit_waiting

log = logging.getLogger(__name__)

OLDEST = 10.0  # seconds
PAUSE = 3.0  # seconds between two rounds, so that a round may last seven


class Readiness:
    """The last result of each probe, and when it was begun."""

    def __init__(self) -> None:
        self._results: dict[Callable[[], str], tuple[float, str]] = {}

    def begin(self) -> None:
        """Probe from now on, in a thread of its own."""
        threading.Thread(target=self._probe_for_ever, daemon=True).start()

    def reasons(self) -> list[str]:
        """Sentences of what is wrong; empty where all is well."""
        if not self._results:
            return ["Nothing was tried yet."]
        now, found = time.monotonic(), []
        for probe, sentence in PROBES.items():
            begun, reason = self._results.get(probe, (0.0, ""))
            if now - begun > OLDEST:
                found.append(f"{sentence} It was last tried more than {OLDEST:g} s ago.")
            elif reason:
                found.append(reason)
        return list(dict.fromkeys(found))

    def probe(self) -> None:
        """Try everything once."""
        for probe, sentence in PROBES.items():
            begun = time.monotonic()
            try:
                reason = probe()
            except Exception as error:
                reason = sentence
                if self._results.get(probe, (0.0, ""))[1] != reason:
                    log.warning("%s %s", sentence, error)
            self._results[probe] = begun, reason

    def _probe_for_ever(self) -> None:
        while True:
            with suppress(Exception):  # the probe itself tells what is wrong
                close_old_connections()
                limit_waiting()
            self.probe()
            time.sleep(PAUSE)


#: The readiness of this process; `manage.py web` begins it.
latest = Readiness()

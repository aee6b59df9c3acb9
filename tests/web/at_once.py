"""Several requests at the same moment."""

import threading
from collections.abc import Callable, Sequence

from django.db import connection


def at_once(acts: Sequence[Callable[[], object]]) -> None:
    """Run the functions at once, each in a thread of its own, as requests are."""
    start = threading.Barrier(len(acts))

    def act(do: Callable[[], object]) -> None:
        start.wait()
        do()
        connection.close()

    threads = [threading.Thread(target=act, args=[each]) for each in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

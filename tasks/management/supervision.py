"""Child processes that are ended with us, whatever ends us, and started again when they die."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NoReturn

from django.conf import settings

from tasks.management import parent_guard

SHORTEST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds before a dead child is started again
PROVEN = 60.0  # seconds of life after which a child's earlier deaths are forgotten
SUSPENDED = 40.0  # seconds that a process may be stopped (SIGSTOP) before its group is replaced
LOOKS = 8  # at the states of a group's processes, within the time that one may be stopped

#: For a command whose starter has just made all checks: they load every page, 0.35 s of processor
#: time in each process.
CHECKED = "--skip-checks"
MANAGE = str(settings.BASE_DIR / "manage.py")


def manage(*arguments: object) -> list[str]:
    """The command line of one of our own commands, with this same Python."""
    return [sys.executable, MANAGE, *map(str, arguments)]


class Child:
    """A command in a session of its own, so that Ctrl-C reaches only us."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        grace: float = 10.0,
        piped: bool = True,
        suspended: float = SUSPENDED,
    ) -> None:
        self.name, self.command = name, list(command)
        self.started_at = 0.0  # monotonic
        self._grace, self._piped, self._suspended = grace, piped, suspended
        self._looked_at = 0.0
        self._stopped_since: dict[int, float] = {}  # by process id
        self._deaths = 0
        self._start_at = 0.0  # when a dead child is due to start again
        self._guard_pipe = -1
        self._process: subprocess.Popen[str] | None = None

    @property
    def group(self) -> int:
        """The id of its process group, which it leads."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code of a dead child; above 128 where a signal ended it."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        pipe, self._guard_pipe = os.pipe()
        self.started_at, self._start_at = time.monotonic(), 0.0
        # -I and -S: the guard needs nothing that is installed, and starts in 20 ms this way.
        guard = [sys.executable, "-I", "-S", parent_guard.__file__, str(pipe), str(self._grace)]
        self._process = subprocess.Popen(
            [*guard, *self.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if self._piped else None,
            stderr=subprocess.STDOUT if self._piped else None,
            text=True,
            errors="replace",
            pass_fds=[pipe],
            start_new_session=True,
        )
        os.close(pipe)
        if self._process.stdout:
            threading.Thread(target=self._print, args=[self._process.stdout], daemon=True).start()

    def wait(self) -> None:
        assert self._process is not None
        self._process.wait()

    def keep_alive(self) -> None:
        """Start the child again if it died, after a wait that grows with every death.

        It is replaced as well when a process of its group is stopped for too long. Call it often.
        """
        if self._process is None:
            return
        if self.is_alive:
            self._replace_if_suspended()
            return
        now = time.monotonic()
        if not self._start_at:
            self._start_at = now + self._wait_after_death(now)
            code, wait = self._process.returncode, self._start_at - now
            say(f"{self.name} ended (exit code {code}); starting it again in {wait:g} s.")
            self.kill()
        elif now >= self._start_at:
            self.start()

    def stop(self) -> None:
        """Ask the child to end, wait as long as its grace, then kill whatever is left of it."""
        if self._process is None:
            return
        self._close_guard_pipe()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(self._grace + 2)
        self.kill()

    def kill(self) -> None:
        """Kill the whole group at once, orphans of its leader included."""
        if self._process is None:
            return
        end_group(self.group)
        self._process.wait()
        self._close_guard_pipe()

    def restart(self) -> None:
        self.kill()
        self.start()

    def _replace_if_suspended(self) -> None:
        """Restart a group of which a process hangs: a stopped one looks alive, and does nothing.

        Where nobody looked for a while we were stopped ourselves, perhaps with the whole machine,
        and all of the group may be going on at this moment.
        """
        now = time.monotonic()
        away = now - self._looked_at
        if away < self._suspended / LOOKS:
            return
        known = self._stopped_since if away < self._suspended / 2 else {}
        self._looked_at = now
        self._stopped_since = {pid: known.get(pid, now) for pid in stopped_processes(self.group)}
        if any(now - since > self._suspended for since in self._stopped_since.values()):
            say(f"{self.name} was stopped for {self._suspended:g} s; starting it again.")
            self._stopped_since = {}
            self.restart()

    def _close_guard_pipe(self) -> None:
        if self._guard_pipe >= 0:
            os.close(self._guard_pipe)
            self._guard_pipe = -1

    def _wait_after_death(self, now: float) -> float:
        if now - self.started_at > PROVEN:
            self._deaths = 0
        self._deaths += 1
        return min(LONGEST_WAIT, SHORTEST_WAIT * 2.0 ** (self._deaths - 1))

    def _print(self, output: IO[str]) -> None:
        for line in output:
            say(f"{self.name}: {line.rstrip()}")


def say(text: str) -> None:
    """Print text for the person at the terminal, who may be gone."""
    with suppress(OSError):
        print(text, flush=True)


def end_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS: only zombies are left
        os.killpg(group, signal.SIGKILL)


def stopped_processes(group: int) -> list[int]:
    """Ids of the group's processes that a signal has stopped; none where there is no /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            state, _parent, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            if state == "T" and int(its_group) == group:
                found.append(int(stat.parent.name))
    return found


def end_on_signals() -> None:
    """Let SIGTERM and a closed terminal end us as Ctrl-C does, by way of every `finally`."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, signal.default_int_handler)


def refuse(reason: str) -> NoReturn:
    """End with one clear line instead of a traceback."""
    sys.exit(reason)


def require_free_port(host: str, port: int, option: str) -> None:
    """Refuse a port that is taken: the server itself would share it silently (SO_REUSEPORT)."""
    if not 0 < port < 65536:
        refuse(f"{port} is no port: {option} takes 1 to 65535.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        with socket.socket(found[0][0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found[0][4])
    except OSError as error:
        reason = error.strerror or error
        refuse(f"Cannot listen on {host} port {port}: {reason}. Choose another with {option}.")


@contextmanager
def only_one(lock: Path, refusal: str) -> Iterator[None]:
    """Hold a lock that only one process may have; the kernel opens it when the process dies."""
    lock.parent.mkdir(exist_ok=True)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            refuse(refusal)
        yield

"""Where a task's files lie, in the words of a content security policy."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from tasks.models import Task
from tasks.providers import PROVIDERS
from tasks.serving import origins

#: Where every page may play from, whatever tasks it shows.
MEDIA_HOSTS = frozenset(host for known in PROVIDERS for host in known.media_hosts)


def origin(url: str) -> str:
    """scheme://host:port, as a content security policy names it; "" for anything else."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    host = parts.hostname or ""
    usable = parts.scheme in ("http", "https") and host and _is_plain(host)
    return f"{parts.scheme}://{host}{port}" if usable else ""


def _is_plain(host: str) -> bool:
    """A name or an IPv4 address: what may stand in a header without changing its meaning."""
    return host.isascii() and all(letter.isalnum() or letter in "-." for letter in host)


def covers(sources: Iterable[str], wanted: str) -> bool:
    """Whether a policy of these sources lets a page load from this origin."""
    return any(_covers(source, wanted) for source in sources)


def _covers(source: str, wanted: str) -> bool:
    scheme, star, host = source.partition("://*.")
    if not star:
        return source == wanted
    return wanted.startswith(f"{scheme}://") and wanted.endswith(f".{host}")


def media_sources(tasks: Iterable[Task]) -> set[str]:
    """Everything a page with these tasks needs to play from, beyond our own origin."""
    links = [
        url for task in tasks for url in (task.base_url, task.video_url, task.last_frame_url) if url
    ]
    return {*MEDIA_HOSTS, *origins(), *filter(None, map(origin, links))}

"""The origins of a task's files, in the words of a content security policy."""

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from tasks.models import Task
from tasks.providers import PROVIDERS
from tasks.web.files import origins

#: Origins that every page may play from, whatever tasks it shows.
MEDIA_HOSTS = frozenset(host for known in PROVIDERS for host in known.media_hosts)


@lru_cache(maxsize=5_000)  # a page of clips asks three times for each
def origin(url: str) -> str:
    """The URL's scheme://host:port as a content security policy names it; "" for anything else."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    host = parts.hostname or ""
    # Only a name or an IPv4 address may stand in a header without changing its meaning.
    is_plain = host.isascii() and all(letter.isalnum() or letter in "-." for letter in host)
    usable = parts.scheme in ("http", "https") and host and is_plain
    return f"{parts.scheme}://{host}{port}" if usable else ""


def covers(sources: Iterable[str], wanted: str) -> bool:
    """Whether a policy of these sources lets a page load from this origin."""
    for source in sources:
        scheme, star, host = source.partition("://*.")
        if star:
            found = wanted.startswith(f"{scheme}://") and wanted.endswith(f".{host}")
        else:
            found = source == wanted
        if found:
            return True
    return False


def media_sources(tasks: Iterable[Task]) -> set[str]:
    """The origins that a page with these tasks must be allowed to play from, beyond our own.

    None for a task whose reader sees no details: only our own copy is played to them.
    """
    links = [
        url
        for task in tasks
        for url in (task.base_url, task.video_url, task.last_frame_url)
        if url and task.shows_details
    ]
    return {*MEDIA_HOSTS, *origins(), *filter(None, map(origin, links))}

"""The table of all providers, made from the registry: docs/providers.md."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from tasks.providers.base import Provider
from tasks.providers.catalog.list_prices import documented_prices
from tasks.providers.catalog.request import GenerationRequest
from tasks.providers.registry import PROVIDERS

UNSAID = "–"
_ID = "IDENTIFIER"  # it stands in a path as it is written, where {id} would be escaped

INTRODUCTION = """\
# Providers

Made by `python3 manage.py provider_table` from `tasks/providers/registry.py`: change it there.

- Paths are below the base URL, which is entered with a credential where none stands here.
- *Link life* is what we go by where a link does not say its own end, beside what its pages promise.
- *Record life* is how long a task can be asked for, counted from its creation.
- *Limits* are what we keep to for one credential; 10 queries a second where nothing is documented.
- *Last checked on* is the day on which a row was last compared with the provider's pages or code;
  no provider was asked.
- {unsaid} means that there is none, or that no page says it.

"""


def as_markdown() -> str:
    """Return the whole page."""
    rows = [list(COLUMNS), ["---"] * len(COLUMNS)]
    rows += [[cell(provider) for cell in COLUMNS.values()] for provider in PROVIDERS]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return INTRODUCTION.format(unsaid=UNSAID) + table


def _name(provider: Provider) -> str:
    label = f"[{provider.label}]({provider.docs_url})" if provider.docs_url else provider.label
    base = f"`{provider.base_url}`" if provider.base_url else "a base URL of one's own"
    return f"{label} `{provider.slug}`<br>{base}"


def _dialect(provider: Provider) -> str:
    scheme = f"<br>`Authorization: {provider.auth_scheme} …`"
    return f"{provider.dialect.name}{scheme}"


def _create(provider: Provider) -> str:
    name, model = next(iter(provider.models_by_name().items()))
    request = GenerationRequest(model=name, prompt="A quiet harbour")
    path = provider.dialect.create_request(request, model).path
    return f"`POST {path.replace(name, '{model}')}`"


def _query(provider: Provider) -> str:
    return f"`GET {provider.dialect.task_path(_ID).replace(_ID, '{id}')}`"


def _list(provider: Provider) -> str:
    page = provider.dialect.page_request(1, size=provider.list_size)
    if not provider.can_list or page is None:
        return UNSAID
    method = "GET" if page.body is None else "POST"
    by_id = ", also by ids" if provider.can_list_by_id else ""
    return f"`{method} {page.path.partition('?')[0]}`{by_id}"


def _cancel(provider: Provider) -> str:
    path = provider.dialect.cancel_path(_ID)
    if not provider.can_cancel or path is None:
        return UNSAID
    return f"`DELETE {path.replace(_ID, '{id}')}`"


def _callback(provider: Provider) -> str:
    if not provider.can_call_back:
        return UNSAID
    lead = provider.callback_lead
    return f"yes, up to {lead:g} s before its own answers" if lead else "yes"


def _link_life(provider: Provider) -> str:
    promised = getattr(provider, "promised_link_life", None)
    return _length(provider.link_life) + (f" (promised: {_length(promised)})" if promised else "")


def _record_life(provider: Provider) -> str:
    return _length(provider.record_life) if provider.record_life else UNSAID


def _limits(provider: Provider) -> str:
    limits = [f"{provider.gets_per_second:g} queries a second"]
    if provider.can_list:
        size = f" of {provider.list_size} tasks" if provider.can_list_by_id else ""
        limits.append(f"{provider.lists_per_second:g} list a second{size}")
    limits.append(f"one task every {provider.fastest_check:g} s")
    return ", ".join(limits)


def _prices(provider: Provider) -> str:
    known = documented_prices(provider.slug)
    if known:
        return f"{_linked(known.source)}, read {known.read_on:%Y-%m-%d}"
    return _linked(provider.price_source) or UNSAID


def _checked(provider: Provider) -> str:
    return f"{provider.checked_on:%Y-%m-%d}" if provider.checked_on else UNSAID


def _linked(text: str) -> str:
    """Write an address as a link with its host's name, and words as they are."""
    host = urlsplit(text).hostname
    return f"[{host.removeprefix('www.')}]({text})" if host else text


def _length(life: timedelta) -> str:
    hours = life // timedelta(hours=1)
    return f"{hours} h" if hours <= 48 else f"{life.days} days"


COLUMNS: dict[str, Callable[[Provider], str]] = {
    "provider": _name,
    "dialect": _dialect,
    "create": _create,
    "query": _query,
    "list": _list,
    "cancel": _cancel,
    "callback": _callback,
    "link life": _link_life,
    "record life": _record_life,
    "limits": _limits,
    "price source": _prices,
    "last checked on": _checked,
}

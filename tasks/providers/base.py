"""The description of a provider, and the methods that each dialect must have. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol

from tasks.providers.answers import Answer, ListPage, RemoteTask, TaskIdIssue
from tasks.providers.catalog.models import MODELS, Model, vendor_name
from tasks.providers.catalog.request import GenerationRequest
from tasks.providers.dialects.creating import CreateRequest, PageRequest

#: The life of a link that does not say its own end (volcengine.com/docs/82379/1521309: video_url).
DAY = timedelta(days=1)


class Dialect(Protocol):
    """The requests and answers of a family of providers, as pure functions.

    The shape of an answer is detected in the answer itself, never assumed from the provider,
    because a gateway may be upgraded at any time. Every method that reads raises ProviderError
    and nothing else.
    """

    @property
    def name(self) -> str:
        """The dialect's name: native, newapi, yescale, openrouter or predictions."""

    @property
    def probe_id(self) -> str:
        """A well-formed id that no task has; asking for it tells whether a key is accepted."""

    def task_path(self, remote_id: str) -> str:
        """Path below the base URL that returns one task."""

    def list_path(self, remote_ids: tuple[str, ...], *, service_tier: str = "") -> str | None:
        """Path that returns many named tasks at once, or None where no list can be asked so."""

    def page_request(self, page: int, *, size: int, service_tier: str = "") -> PageRequest | None:
        """Request for one page of all the account's tasks; None where there is no such list.

        Pages are counted from 1. A provider without tiers lists everything under the tier "".
        """

    def content_path(self, remote_id: str) -> str | None:
        """Path that streams a finished video to whoever has the key, or None where there is none.

        It is needed for a succeeded task whose answer has no link.
        """

    def read_task(self, answer: Answer, *, remote_id: str, base_url: str) -> RemoteTask:
        """Read the task asked for; raise ProviderError for an answer about any other task."""

    def read_list(self, answer: Answer, *, base_url: str) -> tuple[RemoteTask, ...]:
        """Read every readable task of a list; a broken item is left out."""

    def read_page(self, answer: Answer, *, base_url: str) -> ListPage:
        """Read one page of a list: its tasks, its length, and the length of the whole list."""

    @property
    def forwarded_fields(self) -> frozenset[str]:
        """Fields and media roles of a request that reach the model; it would drop the others."""

    @property
    def needs_prompt(self) -> bool:
        """Whether a create without a prompt is refused, whatever media it has."""

    def takes_only_assets(self, model: Model) -> bool:
        """Whether this model accepts only media of the provider's own library: `asset://…`."""

    def create_request(self, request: GenerationRequest, model: Model) -> CreateRequest:
        """Build the POST that creates this task; `model` is the catalog's entry for its model."""

    def cancel_path(self, remote_id: str) -> str | None:
        """Path to DELETE to cancel a queued task, or None where the provider cannot cancel."""

    def id_issue(self, remote_id: str) -> TaskIdIssue | None:
        """Reason why an id cannot be one of this provider's, judged by its form alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """A known service: its name, its addresses, its abilities and its limits.

    Its paths are in its dialect.
    """

    slug: str
    label: str
    dialect: Dialect
    base_url: str = ""  # "": the person who adds a credential enters it
    docs_url: str = ""
    media_hosts: tuple[str, ...] = ()  # CSP host sources of its result links
    vendor: str = "volcengine"  # whose model names it uses; or "byteplus"
    models_path: str = ""  # below the base URL: lists the account's models; "" where nothing does
    #: Its own names of the models that it sells, by the catalog's; empty: all, by the vendor's.
    models: Mapping[str, str] = field(default_factory=dict)
    auth_scheme: str = "Bearer"  # the word before the key in the Authorization header
    key_pattern: str = ""  # how its keys begin, for Python and JavaScript; "" where that is unknown
    link_life: timedelta = DAY  # of a link that does not say its own end
    can_list: bool = False
    can_cancel: bool = False
    can_call_back: bool = False
    #: Seconds by which a callback may be ahead of what the provider itself answers.
    callback_lead: float = 0.0
    gets_per_second: float = 10
    lists_per_second: float = 1
    # Ark lists up to 500, but their ids make an address of 20 kB, and front ends accept 8 kB.
    list_size: int = 150
    fastest_check: float = 3  # seconds between two polls of one task; faster is useless
    promised_link_life: timedelta | None = None  # as its pages say; we go by signatures, else 24 h
    record_life: timedelta | None = None  # from a task's creation until it is forgotten; or unsaid
    price_source: str = ""  # where prices are read that the catalog has no list of
    checked_on: date | None = None  # when its pages or its code were last compared with all this

    @property
    def can_list_by_id(self) -> bool:
        """Whether one list request can name the tasks that it is about."""
        return self.dialect.list_path((self.dialect.probe_id,)) is not None

    def models_by_name(self) -> dict[str, Model]:
        """Return the models that it sells, the newest first, by the names that it has for them."""
        if own := self.models:
            return {own[model.name]: model for model in reversed(MODELS) if model.name in own}
        return {
            vendor_name(model, self.vendor): model
            for model in reversed(MODELS)
            if model.is_offered and self.vendor in model.vendors
        }

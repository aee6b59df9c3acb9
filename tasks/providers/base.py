"""What crosses the border: the task a provider described, or the reason it could not.

Pure: no ORM, no settings, no clock of its own, no network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from tasks.status import Status

if TYPE_CHECKING:
    from tasks.providers.catalog import Model
    from tasks.providers.creating import CreateRequest
    from tasks.providers.wish import Wish


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteTask:
    """One task as a provider's answer described it; what it left out is None or "".

    Times are aware and in UTC. Field names follow Ark's own where it has one
    (volcengine.com/docs/82379/1521309, "Query a video generation task").
    """

    id: str
    status: Status
    status_word: str  # the provider's own word, kept as it came
    raw: Mapping[str, Any] = field(repr=False)  # the whole answer

    model: str = ""
    prompt: str = ""  # echoed by some gateways
    action: str = ""  # new-api: generate, firstTailGenerate, …
    progress: int | None = None  # per cent; a gateway's step value, cosmetic

    video_url: str = field(default="", repr=False)  # a bearer link: never logged
    video_needs_key: bool = False  # a gateway's own /content proxy, on its own host
    last_frame_url: str = field(default="", repr=False)
    file_url: str = field(default="", repr=False)
    link_ends_at: datetime | None = None  # X-Tos-Date + X-Tos-Expires of video_url

    error_code: str = ""
    error_message: str = ""
    request_id: str = ""

    created_at: datetime | None = None
    updated_at: datetime | None = None
    started_at: datetime | None = None  # a gateway's clock: first seen running
    finished_at: datetime | None = None  # a gateway's clock: first seen finished

    seed: int | None = None
    resolution: str = ""
    ratio: str = ""
    duration: int | None = None  # seconds
    frames: int | None = None
    framespersecond: int | None = None
    generate_audio: bool | None = None
    draft: bool | None = None
    draft_task_id: str = ""
    tools: tuple[str, ...] = ()
    safety_identifier: str = ""
    priority: int | None = None
    output_format: str = ""
    service_tier: str = ""
    execution_expires_after: int | None = None  # seconds from created_at
    revised_prompt: str = ""

    completion_tokens: int | None = None
    total_tokens: int | None = None
    web_searches: int | None = None  # usage.tool_usage.web_search
    quota: int | None = None  # new-api's own cost units; 500,000 = 1 USD by default


class Trouble(StrEnum):
    """Why a provider's answer taught us nothing about the task."""

    UNAUTHORIZED = "unauthorized"  # 401: the key is wrong, or a gateway token ran out of quota
    FORBIDDEN = "forbidden"  # 403
    OVERDUE = "overdue"  # the account owes money, or its quota is used up
    MODEL_NOT_OPEN = "model_not_open"  # 404 ModelNotOpen and its family
    NOT_FOUND = "not_found"  # the provider does not know this task
    RATE_LIMITED = "rate_limited"  # 429
    BAD_REQUEST = "bad_request"  # any other 4xx
    BAD_ADDRESS = "bad_address"  # the base URL is wrong: unknown path, a redirect, a web page
    SERVER = "server"  # 5xx
    NOT_JSON = "not_json"
    EMPTY = "empty"
    MALFORMED = "malformed"  # JSON, but not a task
    WRONG_TASK = "wrong_task"  # an answer about another task
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    CONNECTION = "connection"  # refused, reset, no such host
    TLS = "tls"
    PRIVATE_ADDRESS = "private_address"  # inside a private network, and not on the allow-list
    ODD_ADDRESS = "odd_address"  # another scheme, user-info, a dangerous port
    BAD_REDIRECT = "bad_redirect"  # of a link: in circles, nowhere, or from https to http
    LINK_DEAD = "link_dead"  # of a file: 403, 404 or 410
    NOT_READY = "not_ready"  # a gateway that has not got the file yet
    WRONG_HOST = "wrong_host"  # ours: the task lives elsewhere than the credential's key
    UNSUPPORTED = "unsupported"  # this provider cannot do that (list, cancel)


class ProviderError(Exception):
    """An answer that says nothing about the task's fate: never a failed task.

    `permanent` tells that asking again will not help until a person changes something.
    `retry_after` is in seconds, as the provider wished, or None. `host_time` is what time it was by
    the clock of whoever answered, None where nobody did or said.
    `never_sent` tells that no byte of the request itself left, so nobody can have acted on it.
    The text may be shown and logged: it holds no key.
    """

    def __init__(
        self,
        message: str,
        *,
        trouble: Trouble,
        permanent: bool = False,
        retry_after: float | None = None,
        status_code: int | None = None,
        code: str = "",
        request_id: str = "",
        host_time: datetime | None = None,
        never_sent: bool = False,
    ) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.permanent = permanent
        self.retry_after = retry_after
        self.status_code = status_code
        self.code = code
        self.request_id = request_id
        self.host_time = host_time
        self.never_sent = never_sent


class Complaint(StrEnum):
    """What is wrong with the form of a task id."""

    MALFORMED = "malformed"  # spaces, slashes, a URL, too long: no task id at all
    NATIVE = "native"  # an Ark id (cgt-…) where a gateway's own (task_…) is expected
    GATEWAY = "gateway"  # a gateway's id (task_…) where an Ark id (cgt-…) is expected


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back over HTTP, before anyone read it."""

    status_code: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes = field(repr=False)
    seconds: float = 0.0  # from the request's first byte to the answer's last


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A part of an account's list."""

    tasks: tuple[RemoteTask, ...]  # the readable ones
    items: int  # whatever was on it, readable or not
    total: int | None = None  # tasks in the whole list, where the provider says
    host_time: datetime | None = None  # what time it was there, where the answer says


class Dialect(Protocol):
    """How a family of providers is asked and read. Pure functions of their arguments.

    Shape is detected in each answer, never assumed from the provider: gateways upgrade
    under one's feet. Every method that reads raises ProviderError and nothing else.
    """

    @property
    def name(self) -> str:
        """Which dialect this is."""

    @property
    def probe_id(self) -> str:
        """Well-formed and nobody's: asking for it tells whether a key is accepted."""

    def task_path(self, remote_id: str) -> str:
        """Path below the base URL that answers one task."""

    def list_path(self, remote_ids: tuple[str, ...], *, service_tier: str = "") -> str | None:
        """Path that answers many tasks at once, or None where there is no such thing."""

    def page_path(self, page: int, *, size: int, service_tier: str = "") -> str | None:
        """Path of one page of all the account's tasks, from 1 on; None where there are none."""

    def content_path(self, remote_id: str) -> str | None:
        """Path that streams a finished video with the key, for a success without any link."""

    def read_task(self, answer: Answer, *, remote_id: str, base_url: str) -> RemoteTask:
        """The task asked for; an answer about any other task is refused."""

    def read_list(self, answer: Answer, *, base_url: str) -> tuple[RemoteTask, ...]:
        """Every readable task of a list answer; one broken item never spoils the others."""

    def read_page(self, answer: Answer, *, base_url: str) -> Page:
        """The same, with how long the page and the whole list are."""

    @property
    def hands_on(self) -> frozenset[str]:
        """Which of a wish's fields and parts reach the model; the others would be dropped."""

    @property
    def needs_prompt(self) -> bool:
        """Whether a create without any words is refused, whatever else is given."""

    def takes_only_assets(self, model: Model) -> bool:
        """Whether media are taken from the provider's own library only: `asset://…`."""

    def create_request(self, wish: Wish, model: Model) -> CreateRequest:
        """What to POST so that this is made. `model` is the one behind the wish's name for it."""

    def cancel_path(self, remote_id: str) -> str | None:
        """Path to DELETE for cancelling a queued task; None where there is no such thing."""

    def complaint(self, remote_id: str) -> Complaint | None:
        """Why this id cannot be one of this provider's, as far as its form tells."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """A service we know: what to call it, where it lives, what it can do."""

    slug: str
    label: str
    dialect: Dialect
    base_url: str = ""  # "" = to be typed in
    docs_url: str = ""
    media_hosts: tuple[str, ...] = ()  # CSP host sources of its result links
    vendor: str = "volcengine"  # whose names its models go by; "byteplus" is the other
    can_list: bool = False
    can_cancel: bool = False
    can_call_back: bool = False
    #: Seconds by which a callback is ahead of what this provider itself answers.
    callback_lead: float = 0.0
    gets_per_second: float = 10
    lists_per_second: float = 1
    # Ark would answer 500, but their ids make an address of 20 kB, and front ends take 8 kB.
    list_size: int = 150
    fastest_check: float = 3  # seconds between two looks at one task; faster is useless

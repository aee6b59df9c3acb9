"""Results of reading a provider's answer: the task it described, or the error.

Pure: no ORM, no settings, no clock of its own, no network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from tasks.providers.status import Status


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoLink:
    """An address at which an answer says the film is."""

    url: str = field(repr=False)  # a bearer link: never logged
    needs_key: bool = False  # the gateway's own stream, at the credential's host
    ends_at: datetime | None = None  # as the link's signature says


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteTask:
    """A task as a provider's answer described it; fields that it left out are None or "".

    Times are aware and in UTC. Field names follow Ark's own where it has one
    (volcengine.com/docs/82379/1521309, "Query a video generation task").
    """

    id: str
    status: Status
    status_word: str  # the provider's own word, unchanged
    raw: Mapping[str, Any] = field(repr=False)  # the whole answer

    model: str = ""
    prompt: str = ""  # echoed by some gateways
    action: str = ""  # new-api: generate, firstTailGenerate, …
    progress: int | None = None  # per cent; a gateway's coarse value, only for show

    video_url: str = field(default="", repr=False)  # a bearer link: never logged
    video_needs_key: bool = False  # the link is a gateway's own /content proxy
    #: Where else the film may be, in the order in which to try.
    other_links: tuple[VideoLink, ...] = field(default=(), repr=False)
    last_frame_url: str = field(default="", repr=False)
    file_url: str = field(default="", repr=False)
    link_ends_at: datetime | None = None  # X-Tos-Date + X-Tos-Expires of video_url

    error_code: str = ""
    error_message: str = ""
    request_id: str = ""

    created_at: datetime | None = None
    updated_at: datetime | None = None
    started_at: datetime | None = None  # when a gateway first saw it running
    finished_at: datetime | None = None  # when a gateway first saw it finished

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
    cost_micros: int | None = None  # money that the answer names, in millionths …
    cost_currency: str = ""  # … of this currency


class Trouble(StrEnum):
    """The kind of a ProviderError: the reason why nothing was learned about the task."""

    UNAUTHORIZED = "unauthorized"  # 401: the key is wrong, or a gateway's token has no quota left
    FORBIDDEN = "forbidden"  # 403
    OVERDUE = "overdue"  # the account owes money, or its quota is used up
    MODEL_NOT_OPEN = "model_not_open"  # 404 ModelNotOpen and similar codes
    NOT_FOUND = "not_found"  # the provider does not know this task
    RATE_LIMITED = "rate_limited"  # 429
    QUOTA_USED_UP = "quota_used_up"  # a plan's quota, until the time of its reset
    BAD_REQUEST = "bad_request"  # any other 4xx
    BAD_ADDRESS = "bad_address"  # the base URL is wrong: an unknown path, a redirect, a web page
    SERVER = "server"  # 5xx
    NOT_JSON = "not_json"
    EMPTY = "empty"
    MALFORMED = "malformed"  # JSON, but not a task
    WRONG_TASK = "wrong_task"  # the answer is about another task
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    CONNECTION = "connection"  # refused or reset, or no such host
    TLS = "tls"
    PRIVATE_ADDRESS = "private_address"  # in a private network and not on the allow-list
    ODD_ADDRESS = "odd_address"  # not http(s), with user-info, or on a dangerous port
    BAD_REDIRECT = "bad_redirect"  # a link redirects in circles, nowhere, or from https to http
    LINK_DEAD = "link_dead"  # a file's link answers 403, 404 or 410
    NOT_READY = "not_ready"  # a gateway does not have the file yet
    WRONG_HOST = "wrong_host"  # found here: the task is on another host than its credential
    UNSUPPORTED = "unsupported"  # the provider cannot do this (list, cancel)


class ProviderError(Exception):
    """A request that taught nothing about the task; never a sign that the task failed.

    `permanent`: asking again will not help until a person changes something.
    `retry_after`: seconds that the provider asked to wait, or None.
    `host_time`: the time by the clock of whoever answered, or None if there was no answer or date.
    `never_sent`: no byte of the request itself was sent, so nobody can have acted on it.
    The message may be shown and logged: it holds no key.
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


class TaskIdIssue(StrEnum):
    """The fault in the form of a task id."""

    MALFORMED = "malformed"  # has spaces or slashes, is a URL or too long: no task id at all
    NATIVE = "native"  # an Ark id (cgt-…) where a gateway's own (task_…) is expected
    GATEWAY = "gateway"  # a gateway's id (task_…) where an Ark id (cgt-…) is expected


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An HTTP answer, not yet interpreted."""

    status_code: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes = field(repr=False)
    seconds: float = 0.0  # from the request's first byte to the answer's last


@dataclass(frozen=True, kw_only=True, slots=True)
class ListPage:
    """One page of an account's list of tasks."""

    tasks: tuple[RemoteTask, ...]  # the readable ones
    items: int  # all items on the page, readable or not
    total: int | None = None  # tasks in the whole list, if the provider says
    host_time: datetime | None = None  # by the provider's clock, if the answer says

"""The place of every field in each dialect's create request, or the reason why it has none.

Sources: volcengine.com/docs/82379/1520757 and volcengine-ark-runtime 5.0.54 (native);
new-api's relay/channel/task/doubao/adaptor.go (newapi: DataEyes, TokenHot and the others);
im06lq19wz.apifox.cn/api-316481744 (yescale); PyPI's openrouter 1.3.84 (openrouter);
wavespeed.ai/docs/docs-api/bytedance and atlascloud.ai's model pages (predictions);
docs.anyfast.ai/api-reference (anyfast).
"""

from __future__ import annotations

from typing import Any

from tasks.providers import Provider
from tasks.providers.catalog.request import Mode

WORDS = "A paper boat on a canal, dusk"
STILL, TAKE, SCORE = "asset://still", "asset://take", "asset://score"
CALLBACK_URL = "http://127.0.0.1:9/heard/abc"  # nobody listens there
DRAFT = "cgt-20261120120000-draft"

_1_0, _1_5 = "seedance-1-0-pro-250528", "seedance-1-5-pro-251215"
_2_0, _2_5 = "seedance-2-0-260128", "seedance-2-5-260628"

FRAMES = {"mode": Mode.FIRST_AND_LAST_FRAME, "parts": ["first_frame", "last_frame"]}
WITH_VIDEO = {"mode": Mode.REFERENCE, "parts": ["reference_image", "reference_video"]}
WITH_AUDIO = {"mode": Mode.REFERENCE, "parts": ["reference_image", "reference_audio"]}

#: Field → a model that has it, and a request in which only this field is set.
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "prompt": (_2_0, {}),
    "first_frame": (_2_0, {"mode": Mode.FIRST_FRAME, "parts": ["first_frame"]}),
    "last_frame": (_2_0, FRAMES),
    "reference_image": (_2_0, WITH_VIDEO),
    "reference_video": (_2_0, WITH_VIDEO),
    "reference_audio": (_2_0, WITH_AUDIO),
    "draft_task_id": (_1_5, {"mode": Mode.FINAL, "draft_task_id": DRAFT}),
    "callback_url": (_2_0, {"callback_url": CALLBACK_URL}),
    "return_last_frame": (_2_0, {"return_last_frame": True}),
    "service_tier": (_1_5, {"service_tier": "flex"}),
    "execution_expires_after": (_2_0, {"execution_expires_after": 7_200}),
    "generate_audio": (_2_0, {"generate_audio": False}),
    "draft": (_1_5, {"draft": True}),
    "safety_identifier": (_2_0, {"safety_identifier": "team-1"}),
    "priority": (_2_0, {"priority": 3}),
    "resolution": (_1_0, {"resolution": "480p"}),
    "ratio": (_1_0, {"ratio": "9:16"}),
    "duration": (_1_0, {"duration": 10}),
    "frames": (_1_0, {"frames": 57}),
    "seed": (_1_0, {"seed": 11}),
    "camera_fixed": (_1_0, {"camera_fixed": True}),
    "watermark": (_2_0, {"watermark": True}),
    "output_format": (_2_5, {"output_format": "mov"}),
    "web_search": (_2_0, {"web_search": True}),
}


def item(part: str, url: str) -> dict[str, Any]:
    kind = {"reference_video": "video_url", "reference_audio": "audio_url"}.get(part, "image_url")
    return {"type": kind, kind: {"url": url}, "role": part}


SCALARS: dict[str, Any] = {
    "callback_url": CALLBACK_URL,
    "return_last_frame": True,
    "service_tier": "flex",
    "execution_expires_after": 7_200,
    "generate_audio": False,
    "draft": True,
    "safety_identifier": "team-1",
    "priority": 3,
    "resolution": "480p",
    "ratio": "9:16",
    "duration": 10,
    "frames": 57,
    "seed": 11,
    "camera_fixed": True,
    "watermark": True,
}
TOOLS = [{"type": "web_search"}]

Places = dict[str, tuple[str, Any]]
Reasons = dict[str, str]

#: Field → its place in the body, and the value there.
NATIVE: Places = {
    "prompt": ("content.0", {"type": "text", "text": WORDS}),
    "first_frame": ("content.1", item("first_frame", STILL)),
    "last_frame": ("content.2", item("last_frame", STILL)),
    "reference_image": ("content.1", item("reference_image", STILL)),
    "reference_video": ("content.2", item("reference_video", TAKE)),
    "reference_audio": ("content.2", item("reference_audio", SCORE)),
    "draft_task_id": ("content.1", {"type": "draft_task", "draft_task": {"id": DRAFT}}),
    **{name: (name, value) for name, value in SCALARS.items()},
    "output_format": ("output_format", "mov"),
    "web_search": ("tools", TOOLS),
}
NEWAPI: Places = {
    "prompt": ("prompt", WORDS),
    "first_frame": ("images", [STILL]),
    "last_frame": ("metadata.content.1", item("last_frame", STILL)),
    "reference_image": ("metadata.content.0", item("reference_image", STILL)),
    "reference_video": ("metadata.content.1", item("reference_video", TAKE)),
    "reference_audio": ("metadata.content.1", item("reference_audio", SCORE)),
    **{name: (f"metadata.{name}", value) for name, value in SCALARS.items()},
    "web_search": ("metadata.tools", TOOLS),
}
YESCALE: Places = {
    "prompt": ("content.0", {"type": "text", "text": WORDS}),
    "first_frame": ("content.1", {"type": "image_url", "image_url": {"url": STILL}}),
    "resolution": ("content.0.text", f"{WORDS} --resolution 480p"),
    "ratio": ("content.0.text", f"{WORDS} --ratio 9:16"),
    "duration": ("content.0.text", f"{WORDS} --duration 10"),
    "camera_fixed": ("content.0.text", f"{WORDS} --camerafixed true"),
}
_FRAME = {"type": "image_url", "image_url": {"url": STILL}}
OPENROUTER: Places = {
    "prompt": ("prompt", WORDS),
    "first_frame": ("frame_images.0", {**_FRAME, "frame_type": "first_frame"}),
    "last_frame": ("frame_images.1", {**_FRAME, "frame_type": "last_frame"}),
    "reference_image": ("input_references.0", _FRAME),
    "reference_video": ("input_references.1", {"type": "video_url", "video_url": {"url": TAKE}}),
    "reference_audio": ("input_references.1", {"type": "audio_url", "audio_url": {"url": SCORE}}),
    "callback_url": ("callback_url", CALLBACK_URL),
    "generate_audio": ("generate_audio", False),
    "resolution": ("resolution", "480p"),
    "ratio": ("aspect_ratio", "9:16"),
    "duration": ("duration", 10),
    "seed": ("seed", 11),
}
WAVESPEED: Places = {
    "prompt": ("prompt", WORDS),
    "first_frame": ("image", STILL),
    "last_frame": ("last_image", STILL),
    "reference_image": ("reference_images", [STILL]),
    "reference_video": ("reference_videos", [TAKE]),
    "reference_audio": ("reference_audios", [SCORE]),
    "generate_audio": ("generate_audio", False),
    "resolution": ("resolution", "480p"),
    "ratio": ("aspect_ratio", "9:16"),
    "duration": ("duration", 10),
}
ATLASCLOUD: Places = WAVESPEED | {
    "ratio": ("ratio", "9:16"),
    "watermark": ("watermark", True),
    "return_last_frame": ("return_last_frame", True),
    "web_search": ("web_search", True),
}
_NO_FIELD = "the adaptor's struct has no field for it, so it would be dropped silently"
_NO_PARAMETER = "its page has no such parameter"
_NOT_ON_PAGE = "its page has a prompt, pictures without a role, and four flags"


def _others(places: Places) -> Reasons:
    return {name: _NO_PARAMETER for name in REQUESTS if name not in places}


#: Dialect, or a provider that differs from it → the fields that are not sent, and the reasons.
NOT_SENT: dict[str, Reasons] = {
    "native": {},
    "newapi": {"output_format": _NO_FIELD, "draft_task_id": _NO_FIELD},
    "yescale": {name: _NOT_ON_PAGE for name in REQUESTS if name not in YESCALE},
    "openrouter": _others(OPENROUTER),
    "wavespeed": _others(WAVESPEED),
    "atlascloud": _others(ATLASCLOUD),
    "anyfast": {"draft_task_id": "its page has no draft"},
}
SENT = {
    "native": NATIVE,
    "newapi": NEWAPI,
    "yescale": YESCALE,
    "openrouter": OPENROUTER,
    "wavespeed": WAVESPEED,
    "atlascloud": ATLASCLOUD,
    "anyfast": {name: place for name, place in NATIVE.items() if name != "draft_task_id"},
}


def table_of(service: Provider) -> str:
    """Name the table of a provider: its own, or its dialect's."""
    return service.slug if service.slug in SENT else service.dialect.name


#: Fields that would be sent but that the form does not offer, and the reasons.
NOT_ON_FORM: Reasons = {
    "callback_url": "the sweep polls; a callback has neither secret nor signature",
    "safety_identifier": "it tells a provider about a team's users; nobody asked for it",
}
#: Names on the form of fields that have another name there.
ON_FORM = {"seed": "seeds", "execution_expires_after": "expires"}

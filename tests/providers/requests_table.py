"""For every provider and every field: where in its create request it stands, or why nowhere.

The pages: volcengine.com/docs/82379/1520757 and volcengine-ark-runtime 5.0.54 (native);
new-api's relay/channel/task/doubao/adaptor.go (newapi: DataEyes, TokenHot and the others);
im06lq19wz.apifox.cn/api-316481744 (yescale).
"""

from __future__ import annotations

from typing import Any

from tasks.providers.wish import Mode

WORDS = "A paper boat on a canal, dusk"
STILL, TAKE, SCORE = "asset://still", "asset://take", "asset://score"
HEARD_AT = "http://127.0.0.1:9/heard/abc"  # where nobody listens
DRAFT = "cgt-20261120120000-draft"

_1_0, _1_5 = "seedance-1-0-pro-250528", "seedance-1-5-pro-251215"
_2_0, _2_5 = "seedance-2-0-260128", "seedance-2-5-260628"

FRAMES = {"mode": Mode.FIRST_AND_LAST_FRAME, "parts": ["first_frame", "last_frame"]}
SEEN = {"mode": Mode.REFERENCE, "parts": ["reference_image", "reference_video"]}
HEARD = {"mode": Mode.REFERENCE, "parts": ["reference_image", "reference_audio"]}

#: Field → the model that has it, and a wish in which nothing but it is said.
WISHES: dict[str, tuple[str, dict[str, Any]]] = {
    "prompt": (_2_0, {}),
    "first_frame": (_2_0, {"mode": Mode.FIRST_FRAME, "parts": ["first_frame"]}),
    "last_frame": (_2_0, FRAMES),
    "reference_image": (_2_0, SEEN),
    "reference_video": (_2_0, SEEN),
    "reference_audio": (_2_0, HEARD),
    "draft_task_id": (_1_5, {"mode": Mode.FINAL, "draft_task_id": DRAFT}),
    "callback_url": (_2_0, {"callback_url": HEARD_AT}),
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
    "callback_url": HEARD_AT,
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

#: Field → where it stands, and what stands there.
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
_NO_FIELD = "the adaptor's struct has no field for it, so it would be dropped in silence"
_NOT_ON_PAGE = "its page has words, pictures without a role, and four flags"

#: Dialect → the fields that its providers are not sent, and why.
NOT_SENT: dict[str, Reasons] = {
    "native": {},
    "newapi": {"output_format": _NO_FIELD, "draft_task_id": _NO_FIELD},
    "yescale": {name: _NOT_ON_PAGE for name in WISHES if name not in YESCALE},
}
SENT = {"native": NATIVE, "newapi": NEWAPI, "yescale": YESCALE}

#: Which of it the form does not offer at all, though it would be sent, and why.
NOT_ON_FORM: Reasons = {
    "callback_url": "the sweep asks; a callback has neither secret nor signature",
    "safety_identifier": "it tells a provider about a team's own users; nobody asked for it",
}
#: Fields that have another name on the form.
ON_FORM = {"seed": "seeds", "execution_expires_after": "expires"}

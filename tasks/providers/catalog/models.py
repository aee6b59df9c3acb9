"""The Seedance models: their abilities, their frame sizes, and the tokens that a video costs.

Sources: volcengine.com/docs/82379/1520757 (create a task) and /1544106 (price), and
docs.byteplus.com/en/docs/ModelArk/1520757; for Seedance 2.5 Flash and 4K in 2.5
github.com/byteplus-sa (ark-mcp 0.3.0, ComfyUI-BytePlus-ModelArk 0.9.0). Prices are not here:
each team keeps its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

FPS = 24  # frames per second of every Seedance model

RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")
ADAPTIVE = "adaptive"  # the model follows its input; the size is known only afterwards

MODEL_CHOOSES = -1  # a duration that leaves the length to the model

Size = tuple[int, int]  # width and height in pixels


class Input(StrEnum):
    """An input that a model may accept, or an operation that it may support."""

    TEXT = "text"
    FIRST_FRAME = "first_frame"
    LAST_FRAME = "last_frame"  # together with a first frame
    REFERENCE_IMAGE = "reference_image"
    REFERENCE_VIDEO = "reference_video"
    REFERENCE_AUDIO = "reference_audio"
    AUDIO_ALONE = "audio_alone"
    DRAFT_TASK = "draft_task"  # the final video of an accepted draft
    EDIT = "edit"
    EXTEND = "extend"
    WEB_SEARCH = "web_search"


def _sizes(*rows: tuple[str, str]) -> Mapping[str, Mapping[str, Size]]:
    """Make {resolution: {ratio: (width, height)}} of rows written in the order of RATIOS."""
    table = {}
    for resolution, row in rows:
        pairs = (size.split("x") for size in row.split())
        sizes = [(int(width), int(height)) for width, height in pairs]
        table[resolution] = dict(zip(RATIOS, sizes, strict=True))
    return table


_SIZES_1_0 = _sizes(
    ("480p", "864x480 736x544 640x640 544x736 480x864 960x416"),
    ("720p", "1248x704 1120x832 960x960 832x1120 704x1248 1504x640"),
    ("1080p", "1920x1088 1664x1248 1440x1440 1248x1664 1088x1920 2176x928"),
)
_SIZES_2_0 = _sizes(
    ("480p", "864x496 752x560 640x640 560x752 496x864 992x432"),
    ("720p", "1280x720 1112x834 960x960 834x1112 720x1280 1470x630"),
    ("1080p", "1920x1080 1664x1248 1440x1440 1248x1664 1080x1920 2206x946"),
    ("4k", "3840x2160 3326x2494 2880x2880 2494x3326 2160x3840 4398x1886"),
)
# Only these sizes of 2.5 are known to be different (the upright one was measured live); the others
# are assumed to be those of 2.0.
_SIZES_2_5 = {
    **_SIZES_2_0,
    "480p": {**_SIZES_2_0["480p"], "16:9": (854, 480), "9:16": (480, 854)},
}

#: Ratios that live Ark took although no page names them. The form offers none of them.
_UNDOCUMENTED_1_0_PRO = ("5:4", "3:2")
_UNDOCUMENTED_2_0 = ("1.91:1",)

VOLCENGINE, BYTEPLUS = "volcengine", "byteplus"


@dataclass(frozen=True, kw_only=True, slots=True)
class Retirement:
    """The end of a model at one vendor: the first day without it, and what replaces it."""

    on: date
    replaced_by: str = ""  # a name of the catalog, or "" where the vendor names none


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningLimits:
    """The tasks of one model that an account may have running at once; more of them are queued."""

    individual: int
    enterprise: int
    in_4k: int | None = None  # None for a model without 4K


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptAdvice:
    """The advised length of a prompt: at most so many Chinese characters, or so many words."""

    characters: int
    words: int


#: The advice for every model (volcengine.com/docs/82379/1520757, `content.text`): a longer prompt
#: loses details, and the video may lack parts of it. No documentation names a refused length.
PROMPT_ADVICE = PromptAdvice(characters=500, words=1_000)


#: volcengine.com/docs/82379/1520757 and BytePlus's limits; 4K counts by itself.
_RUNNING_1 = RunningLimits(individual=10, enterprise=10)
_RUNNING_2 = RunningLimits(individual=3, enterprise=10)
_RUNNING_4K = RunningLimits(individual=3, enterprise=10, in_4k=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A Seedance model. Durations are in seconds."""

    name: str  # without a vendor's prefix
    label: str
    inputs: frozenset[Input]
    resolutions: tuple[str, ...]
    default_resolution: str
    shortest: int
    longest: int
    default_duration: int  # may be MODEL_CHOOSES
    can_choose_duration: bool = False  # accepts MODEL_CHOOSES
    has_frames: bool = False  # accepts `frames` (25 + 4n, 29 to 289) instead of a duration
    has_audio: bool = False
    has_flex: bool = False  # service_tier=flex: slower; its price is known for 1.5 pro only
    has_draft: bool = False
    has_seed: bool = True
    has_camera_fixed: bool = False
    has_mov: bool = False
    has_priority: bool = False
    has_task_type: bool = False  # omni_reference_task_type: reference, edit, extend
    follows_input: bool = False  # first frames, edit and extend need the adaptive ratio
    final_resolution: str = ""  # the only one of a draft's final video; "" leaves the choice
    reference_images: int = 0
    reference_videos: int = 0
    reference_audios: int = 0
    reference_video_seconds: int = 0  # at most, of all input videos together
    reference_audio_seconds: int = 0  # … of all input sounds
    longest_given: int = 15  # seconds of one input video, or one input sound
    shortest_edited: int = 2  # seconds of an input video that is edited
    hevc_resolutions: tuple[str, ...] = ()  # 10-bit HEVC: many browsers cannot play it
    sizes: Mapping[str, Mapping[str, Size]]
    undocumented_ratios: tuple[str, ...] = ()  # taken by live Ark, named on no page
    prompt: PromptAdvice = PROMPT_ADVICE
    vendors: tuple[str, ...] = (VOLCENGINE, BYTEPLUS)
    is_offered: bool = True  # False: only tasks made before carry it
    is_checked: bool = True  # False: not in the catalog; its settings are those of a relative
    retirements: Mapping[str, Retirement] = field(default_factory=dict)  # by vendor
    running: RunningLimits = _RUNNING_2

    def takes_duration(self, seconds: int) -> bool:
        """Whether a create request with this duration would be accepted."""
        if seconds == MODEL_CHOOSES:
            return self.can_choose_duration
        return self.shortest <= seconds <= self.longest

    def retirement(self, vendor: str, day: date) -> Retirement | None:
        """Return the end of the model at a vendor, if it has come by this day."""
        found = self.retirements.get(vendor)
        return found if found and found.on <= day else None


_FRAMES = frozenset({Input.FIRST_FRAME, Input.LAST_FRAME})
_OMNI = _FRAMES | {
    Input.TEXT,
    Input.REFERENCE_IMAGE,
    Input.REFERENCE_VIDEO,
    Input.REFERENCE_AUDIO,
    Input.EDIT,
    Input.EXTEND,
    Input.WEB_SEARCH,
}
_UP_TO_1080P = ("480p", "720p", "1080p")
_UP_TO_4K = (*_UP_TO_1080P, "4k")
_UP_TO_720P = ("480p", "720p")
_LITE_ENDED = {BYTEPLUS: Retirement(on=date(2026, 5, 13))}
_1_5_PRO_ENDED = {
    BYTEPLUS: Retirement(on=date(2026, 11, 11), replaced_by="seedance-2-0-mini-260615")
}


def _seedance_2_0(
    name: str,
    label: str,
    resolutions: tuple[str, ...],
    hevc_resolutions: tuple[str, ...] = (),
) -> Model:
    return Model(
        name=name,
        label=label,
        inputs=_OMNI,
        resolutions=resolutions,
        default_resolution="720p",
        shortest=4,
        longest=15,
        default_duration=5,
        can_choose_duration=True,
        has_audio=True,
        has_seed=False,
        has_priority=True,
        reference_images=9,
        reference_videos=3,
        reference_audios=3,
        reference_video_seconds=15,
        reference_audio_seconds=15,
        hevc_resolutions=hevc_resolutions,
        sizes=_SIZES_2_0,
        undocumented_ratios=_UNDOCUMENTED_2_0,
        running=_RUNNING_4K if "4k" in resolutions else _RUNNING_2,
    )


def _seedance_2_5(name: str, label: str, resolutions: tuple[str, ...], **more: Any) -> Model:
    """Make a model of the 2.5 family, whose inputs and lengths are alike."""
    return Model(
        name=name,
        label=label,
        inputs=_OMNI | {Input.AUDIO_ALONE},
        resolutions=resolutions,
        default_resolution="720p",
        shortest=4,
        longest=30,
        default_duration=MODEL_CHOOSES,
        can_choose_duration=True,
        has_audio=True,
        has_seed=False,
        has_mov=True,
        has_priority=True,
        has_task_type=True,
        follows_input=True,
        reference_images=30,
        reference_videos=10,
        reference_audios=10,
        reference_video_seconds=30,
        reference_audio_seconds=30,
        longest_given=30,
        shortest_edited=4,
        hevc_resolutions=tuple(each for each in ("1080p", "4k") if each in resolutions),
        sizes=_SIZES_2_5,
        running=_RUNNING_4K if "4k" in resolutions else _RUNNING_2,
        **more,
    )


def _with_drafts(model: Model) -> Model:
    """Return the model with drafts, whose final videos are 1080p and nothing else."""
    inputs = model.inputs | {Input.DRAFT_TASK}
    return replace(model, inputs=inputs, has_draft=True, final_resolution="1080p")


#: Oldest first. A family name that fits several models means the last of them.
MODELS: tuple[Model, ...] = (
    Model(
        name="seedance-1-0-lite-i2v-250428",
        label="Seedance 1.0 lite i2v",
        inputs=_FRAMES | {Input.REFERENCE_IMAGE},
        resolutions=_UP_TO_1080P,
        default_resolution="720p",
        shortest=2,
        longest=12,
        default_duration=5,
        has_flex=True,
        has_camera_fixed=True,
        reference_images=4,
        sizes=_SIZES_1_0,
        retirements=_LITE_ENDED,
        running=_RUNNING_1,
    ),
    Model(
        name="seedance-1-0-lite-t2v-250428",
        label="Seedance 1.0 lite t2v",
        inputs=frozenset({Input.TEXT}),
        resolutions=_UP_TO_1080P,
        default_resolution="720p",
        shortest=2,
        longest=12,
        default_duration=5,
        has_flex=True,
        has_camera_fixed=True,
        sizes=_SIZES_1_0,
        retirements=_LITE_ENDED,
        running=_RUNNING_1,
    ),
    Model(
        name="seedance-1-0-pro-250528",
        label="Seedance 1.0 pro",
        inputs=_FRAMES | {Input.TEXT},
        resolutions=_UP_TO_1080P,
        default_resolution="1080p",
        shortest=2,
        longest=12,
        default_duration=5,
        has_frames=True,
        has_flex=True,
        has_camera_fixed=True,
        sizes=_SIZES_1_0,
        undocumented_ratios=_UNDOCUMENTED_1_0_PRO,
        running=_RUNNING_1,
    ),
    Model(
        name="seedance-1-0-pro-fast-251015",
        label="Seedance 1.0 pro fast",
        inputs=frozenset({Input.TEXT, Input.FIRST_FRAME}),
        resolutions=_UP_TO_1080P,
        default_resolution="1080p",
        shortest=2,
        longest=12,
        default_duration=5,
        has_frames=True,
        has_flex=True,
        has_camera_fixed=True,
        sizes=_SIZES_1_0,
        running=_RUNNING_1,
    ),
    Model(
        name="seedance-1-5-pro-251215",
        label="Seedance 1.5 pro",
        inputs=_FRAMES | {Input.TEXT, Input.DRAFT_TASK},
        resolutions=_UP_TO_1080P,
        default_resolution="720p",
        shortest=4,
        longest=12,
        default_duration=5,
        can_choose_duration=True,
        has_audio=True,
        has_flex=True,
        has_draft=True,
        has_camera_fixed=True,
        sizes=_SIZES_2_0,
        retirements=_1_5_PRO_ENDED,
        running=_RUNNING_1,
    ),
    _seedance_2_0("seedance-2-0-260128", "Seedance 2.0", _UP_TO_4K, ("4k",)),
    _seedance_2_0("seedance-2-0-fast-260128", "Seedance 2.0 fast", _UP_TO_720P),
    _seedance_2_0("seedance-2-0-mini-260615", "Seedance 2.0 mini", _UP_TO_720P),
    # 4K of 2.5 had a model of its own until 2.5 itself learned it.
    _with_drafts(
        _seedance_2_5(
            "seedance-2-5-premium-260915",
            "Seedance 2.5 premium",
            _UP_TO_4K,
            vendors=(BYTEPLUS,),
            is_offered=False,
        )
    ),
    _seedance_2_5(
        "seedance-2-5-flash-261115", "Seedance 2.5 Flash", _UP_TO_720P, vendors=(BYTEPLUS,)
    ),
    _with_drafts(_seedance_2_5("seedance-2-5-260628", "Seedance 2.5", _UP_TO_4K)),
)

_DATE = re.compile(r"-\d{6}$")
#: Endings that gateways add for an input, a moderation level or a resolution of one model.
_SUFFIX = re.compile(
    r"-(?:[tirv]2v|(?:text|image|reference|video)-to-video|filter-off|face|nsfw"
    r"|480p|720p|1080p|4k)$"
)
#: A version with one number: seedance-2-fast is seedance-2-0-fast, and seedance-v1-pro the 1.0.
VERSION = re.compile(r"^seedance-v?(\d)(?:-(\d)(?=-|$))?(.*)$")
#: Gateways that name no version mean 2.0.
UNVERSIONED = {"seedance": "seedance-2-0", "seedance-fast": "seedance-2-0-fast"}

_BY_NAME = {model.name: model for model in MODELS}
#: Models by their names without a date.
FAMILIES = {_DATE.sub("", model.name): model for model in MODELS} | {
    "seedance-1-0-lite": _BY_NAME["seedance-1-0-lite-t2v-250428"]
}


def _plain(name: str) -> str:
    """Return a name without vendor, path and punctuation, with both numbers of its version.

    For example doubao-seedance-2.0-fast-V2V, bytedance:seedance@2.5, and
    fal-ai/bytedance/seedance/v1/pro/text-to-video.
    """
    _vendor, found, rest = name[:200].strip().lower().partition("seedance")
    plain = re.sub(r"[^a-z0-9]+", "-", found + rest).strip("-")
    plain = UNVERSIONED.get(plain, plain)
    if version := VERSION.match(plain):
        major, minor, variant = version.groups()
        return f"seedance-{major}-{minor or 0}{variant}"
    return plain


def _families(plain: str) -> Iterator[str]:
    """Yield a plain name without its date, then without one ending after the other."""
    family = _DATE.sub("", plain)
    yield family
    while (shorter := _DATE.sub("", _SUFFIX.sub("", family))) != family:
        family = shorter
        yield family


@lru_cache(maxsize=512)
def find_model(name: str) -> Model | None:
    """Find a model by any vendor's name for it; None for `ep-…` ids and unknown names."""
    plain = _plain(name)
    families = (FAMILIES.get(family) for family in _families(plain))
    return _BY_NAME.get(plain) or next((found for found in families if found), None)


def is_catalogued(name: str) -> bool:
    """Whether the settings of this very model are known: not those of another date's."""
    found, date_of = find_model(name), _DATE.search(_plain(name))
    return found is not None and (date_of is None or found.name == _plain(name))


def unchecked_model(name: str) -> Model | None:
    """Return a model that is not in the catalog with the settings of its nearest known relative.

    The nearest has the same version, or else the latest one before it (or else the earliest), and
    if possible the same variant: fast, mini, pro. None for what is no Seedance model, and for a
    model that is in the catalog.
    """
    plain = _plain(name)
    version = VERSION.match(_DATE.sub("", plain))
    if version is None or is_catalogued(name):
        return None
    offered = [model for model in MODELS if model.is_offered]
    number, variant = (int(version[1]), int(version[2] or 0)), version[3]
    known = sorted({_version_of(model)[0] for model in offered})
    nearest = max((each for each in known if each <= number), default=known[0])
    relatives = [model for model in offered if _version_of(model)[0] == nearest]
    same = [model for model in relatives if _version_of(model)[1] == variant]
    plainest = min(reversed(relatives), key=lambda model: len(_version_of(model)[1]))
    relative = same[-1] if same else plainest
    return replace(relative, name=plain, label=name, is_checked=False, retirements={})


def _version_of(model: Model) -> tuple[tuple[int, int], str]:
    """Return a known model's version and variant: (2, 0) and "-fast"."""
    found = VERSION.match(_DATE.sub("", model.name))
    assert found
    return (int(found[1]), int(found[2] or 0)), found[3]


def vendor_name(model: Model, vendor: str) -> str:
    """Return the vendor's name of a model.

    Volcengine prefixes every name with doubao-, BytePlus those since 2.0 with dreamina-.
    """
    if vendor != "byteplus":
        return f"doubao-{model.name}"
    return model.name if model.name.startswith("seedance-1") else f"dreamina-{model.name}"


def frame_size(model: Model | str, resolution: str, ratio: str) -> Size | None:
    """Return width and height in pixels; None for `adaptive` and for undocumented sizes."""
    found = find_model(model) if isinstance(model, str) else model
    if found is None or resolution.lower() not in found.resolutions:
        return None
    return found.sizes[resolution.lower()].get(ratio)


def tokens(
    width: int,
    height: int,
    seconds: float,
    *,
    input_seconds: float = 0,
    frames: int | None = None,
    draft: bool = False,
    audio: bool = True,
) -> int:
    """Estimate the tokens of one succeeded video; `usage.total_tokens` is what counts in the end.

    The documentation says seconds × 24 frames; seven measured samples have one frame more (5 s
    are 121 frames, which is one of the values 25 + 4n that can be requested). `frames`, where
    given, is the number of frames. Input video adds its own seconds (and a minimum per model,
    which is not modelled here). A draft costs 60 % with audio, 70 % without.
    `tariff.tokens_of` makes ranges of this.
    """
    counted = frames or int(FPS * (seconds + input_seconds)) + 1
    percent = 100 if not draft else 60 if audio else 70
    return width * height * counted * percent // (1024 * 100)

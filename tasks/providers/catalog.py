"""What each Seedance model can do, how large its frames are, what a video costs in tokens.

Facts from volcengine.com/docs/82379/1520757 (create a task) and /1544106 (price), and from
docs.byteplus.com/en/docs/ModelArk/1520757. Prices are a team's own business and not here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

FPS = 24  # of every Seedance model

RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")
ADAPTIVE = "adaptive"  # the model follows its input; the size is known only afterwards

MODEL_CHOOSES = -1  # as a duration

Size = tuple[int, int]


class Input(StrEnum):
    """What a model can be asked to start from, or to do."""

    TEXT = "text"
    FIRST_FRAME = "first_frame"
    LAST_FRAME = "last_frame"  # together with a first one
    REFERENCE_IMAGE = "reference_image"
    REFERENCE_VIDEO = "reference_video"
    REFERENCE_AUDIO = "reference_audio"
    AUDIO_ALONE = "audio_alone"
    DRAFT_TASK = "draft_task"  # the final video of an accepted draft
    EDIT = "edit"
    EXTEND = "extend"
    WEB_SEARCH = "web_search"


def _sizes(*rows: tuple[str, str]) -> Mapping[str, Mapping[str, Size]]:
    """{resolution: {ratio: (width, height)}} from rows written in the order of RATIOS."""
    return {resolution: dict(zip(RATIOS, _row(row), strict=True)) for resolution, row in rows}


def _row(row: str) -> list[Size]:
    pairs = (size.split("x") for size in row.split())
    return [(int(width), int(height)) for width, height in pairs]


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
# Only this one size of 2.5 is documented as different; the others are taken to be 2.0's.
_SIZES_2_5 = {**_SIZES_2_0, "480p": {**_SIZES_2_0["480p"], "16:9": (854, 480)}}


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """How long a prompt is to be at most: so many Chinese characters, or so many words."""

    characters: int
    words: int


#: volcengine.com/docs/82379/1520757, `content.text`, of every model: in a longer one details get
#: lost, and parts of it may be missing in the video. Nobody documents a length that is refused.
ADVISED = Advice(characters=500, words=1_000)


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """One Seedance model; durations in seconds."""

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
    has_flex: bool = False  # service_tier=flex: slower, half the price
    has_draft: bool = False
    has_seed: bool = True
    has_camera_fixed: bool = False
    has_mov: bool = False
    has_priority: bool = False
    has_task_type: bool = False  # omni_reference_task_type: reference, edit, extend
    follows_input: bool = False  # frames, edit and extend need the adaptive ratio
    reference_images: int = 0
    reference_videos: int = 0
    reference_audios: int = 0
    reference_video_seconds: int = 0  # of all given videos together, at most
    hevc_resolutions: tuple[str, ...] = ()  # 10-bit HEVC: many browsers cannot play it
    sizes: Mapping[str, Mapping[str, Size]]
    prompt: Advice = ADVISED
    note: str = ""

    def takes_duration(self, seconds: int) -> bool:
        """Whether a create request with this duration would be accepted."""
        if seconds == MODEL_CHOOSES:
            return self.can_choose_duration
        return self.shortest <= seconds <= self.longest


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
_UP_TO_720P = ("480p", "720p")


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
        hevc_resolutions=hevc_resolutions,
        sizes=_SIZES_2_0,
    )


#: Oldest first; where a family name fits several, the last one is meant.
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
        note="No 1080p with reference images. BytePlus took it offline on 2026-05-13.",
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
        note="BytePlus took it offline on 2026-05-13.",
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
        note="Drafts are 480p, without last frame and flex. The service stops on 2026-11-11.",
    ),
    _seedance_2_0("seedance-2-0-260128", "Seedance 2.0", (*_UP_TO_1080P, "4k"), ("4k",)),
    _seedance_2_0("seedance-2-0-fast-260128", "Seedance 2.0 fast", _UP_TO_720P),
    _seedance_2_0("seedance-2-0-mini-260615", "Seedance 2.0 mini", _UP_TO_720P),
    Model(
        name="seedance-2-5-260628",
        label="Seedance 2.5",
        inputs=_OMNI | {Input.AUDIO_ALONE, Input.DRAFT_TASK},
        resolutions=_UP_TO_1080P,
        default_resolution="720p",
        shortest=4,
        longest=30,
        default_duration=MODEL_CHOOSES,
        can_choose_duration=True,
        has_audio=True,
        has_draft=True,
        has_seed=False,
        has_mov=True,
        has_priority=True,
        has_task_type=True,
        follows_input=True,
        reference_images=30,
        reference_videos=10,
        reference_audios=10,
        reference_video_seconds=30,
        hevc_resolutions=("1080p",),
        sizes=_SIZES_2_5,
        note="Frames, edit and extend need the adaptive ratio; edit needs the duration -1.",
    ),
)

# doubao-seedance-2.0-fast-V2V, dreamina-seedance-2-0-260128, bytedance/seedance-2.0
_VENDOR = re.compile(r"^(?:.*/)?(?:.*?-)?(?=seedance-)")
_SUFFIX = re.compile(r"-(?:v2v|i2v|t2v|r2v)$")
_DATE = re.compile(r"-\d{6}$")

_BY_NAME = {model.name: model for model in MODELS}
_BY_FAMILY = {_DATE.sub("", model.name): model for model in MODELS} | {
    "seedance-1-0-lite": _BY_NAME["seedance-1-0-lite-t2v-250428"]
}


@lru_cache(maxsize=512)
def find_model(name: str) -> Model | None:
    """The model behind any vendor's name for it; None for `ep-…` ids and strangers."""
    plain = _VENDOR.sub("", name[:200].strip().lower()).replace(".", "-")
    family = _DATE.sub("", plain)
    return (
        _BY_NAME.get(plain)
        or _BY_FAMILY.get(family)
        or _BY_FAMILY.get(_DATE.sub("", _SUFFIX.sub("", plain)))
    )


def vendor_name(model: Model, vendor: str) -> str:
    """Volcengine writes doubao- before every name, BytePlus dreamina- since 2.0."""
    if vendor != "byteplus":
        return f"doubao-{model.name}"
    return model.name if model.name.startswith("seedance-1") else f"dreamina-{model.name}"


def frame_size(model: Model | str, resolution: str, ratio: str) -> Size | None:
    """Width and height in pixels; None for `adaptive` and for what nobody documents."""
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
    """What one succeeded video costs, for estimates; `usage.total_tokens` is the truth.

    The documentation says seconds × 24 frames; seven measured samples have one frame more (5 s
    are 121, one of the 25 + 4n that can be asked for). `frames`, where asked for, are those.
    Video input adds its own seconds (and a floor per model, not modelled here). A draft
    costs 60 % with audio, 70 % without. (providers/tariff.py makes ranges of it.)
    """
    counted = frames or int(FPS * (seconds + input_seconds)) + 1
    percent = 100 if not draft else 60 if audio else 70
    return width * height * counted * percent // (1024 * 100)

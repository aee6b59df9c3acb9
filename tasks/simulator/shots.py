"""Sample life for a demonstration: requests a small film team might have made this week."""

from __future__ import annotations

from typing import Any

from tasks.simulator.shot import Shot

MINUTE, HOUR, DAY = 60, 3600, 86_400

_2_0, _FAST, _MINI = (
    "doubao-seedance-2-0-260128",
    "doubao-seedance-2-0-fast-260128",
    "doubao-seedance-2-0-mini-260615",
)
_2_5, _1_5 = "doubao-seedance-2-5-260628", "doubao-seedance-1-5-pro-251215"
_PRO, _PRO_FAST = "doubao-seedance-1-0-pro-250528", "doubao-seedance-1-0-pro-fast-251015"
_STILL = "https://images.example.com/storyboard/{}.jpg"


def _shots(preset: str, *shots: dict[str, Any]) -> tuple[Shot, ...]:
    return tuple(Shot(preset=preset, **shot) for shot in shots)


SHOTS: tuple[Shot, ...] = (
    *_shots(
        "volcengine",
        {
            "model": _2_0,
            "prompt": "极光在雪山与湖面之间缓缓流动，镜头贴着水面向前推进，倒影随微波轻轻颤动",
            "ago": 26 * MINUTE,
            "options": {"return_last_frame": True},
        },
        {
            "model": _2_0,
            "prompt": "Wide aerial over dunes at first light, wind combing sand off the ridges, "
            "long shadows, slow push towards the sun",
            "ago": 3 * HOUR,
        },
        {
            "model": _FAST,
            "prompt": "一盏盏孔明灯从湖边升起，暖光映在水里，镜头缓慢上摇，远处是安静的山",
            "ratio": "4:3",
            "ago": 50 * MINUTE,
        },
        {
            "model": _2_5,
            "prompt": "Ink unfolds in clear water, indigo giving way to vermilion, macro lens, "
            "no cut, the last wisp curls into a question mark",
            "ratio": "1:1",
            "duration": 12,
            "ago": 7 * HOUR,
        },
        {
            "model": _1_5,
            "prompt": "Dawn fog runs through a valley like a river, ridge behind ridge, "
            "a single bell somewhere below",
            "ratio": "21:9",
            "ago": 22 * HOUR + 40 * MINUTE,
        },
        {
            "model": _PRO,
            "prompt": "傍晚的海面，长浪一层层推来，夕阳在水上铺出一条金色的路，固定机位",
            "resolution": "1080p",
            "ago": 12 * MINUTE,
            "options": {"seed": 20261, "camera_fixed": True},
        },
        {
            "model": _PRO_FAST,
            "prompt": "Night bus window, city lights melt into round colours, rain on the glass, "
            "reflections slide from left to right",
            "ratio": "9:16",
            "ago": 95,
        },
        {
            "model": _2_0,
            "prompt": "A lighthouse keeper climbs a spiral stair with a lantern, the camera rises "
            "with her, warm light against blue stone",
            "ago": 40,
        },
        {
            "model": _1_5,
            "prompt": "老城区的清晨，蒸笼冒着热气，一束阳光斜穿过巷子，慢速推轨",
            "ago": 25,
            "options": {"generate_audio": False},
        },
        {
            "model": _PRO,
            "prompt": "Time-lapse of a tidal flat filling with mirror-still water, birds as dots, "
            "locked-off frame",
            "ago": 34 * MINUTE,
            "options": {"service_tier": "flex", "execution_expires_after": 86_400},
        },
        {
            "model": _2_0,
            "prompt": "Handheld chase through a night market, lanterns smear past, sudden stop "
            "on a masked dancer",
            "wish": "fail=OutputVideoSensitiveContentDetected.PolicyViolation",
            "ago": 2 * HOUR,
        },
        {
            "model": _MINI,
            "prompt": "A paper boat drifts down a rainy gutter, close and low, it passes under "
            "a parked bicycle and out into the light",
            "resolution": "480p",
            "ago": 5 * HOUR,
        },
    ),
    *_shots(
        "byteplus",
        {
            "model": "dreamina-seedance-2-0-260128",
            "prompt": "Desert caravan seen from very far, heat shimmer, the line of camels "
            "breaks and closes again behind a dune",
            "ratio": "21:9",
            "ago": 18 * MINUTE,
        },
        {
            "model": "dreamina-seedance-2-0-260128",
            "prompt": "The same river in four seasons, matched framing, dissolves hidden by a "
            "passing heron",
            "duration": 15,
            "ago": 4 * HOUR,
        },
        {
            "model": "dreamina-seedance-2-0-fast-260128",
            "prompt": "Product shot: a ceramic teapot on wet slate, steam curls, slow half orbit",
            "ratio": "1:1",
            "ago": 70 * MINUTE,
            "first_frame": _STILL.format("teapot-03"),
        },
        {
            "model": "seedance-1-0-pro-250528",
            "prompt": "A kite climbs above terraced fields, the camera is the kite",
            "resolution": "1080p",
            "ago": 23 * HOUR + 20 * MINUTE,
            "options": {"seed": 7},
        },
        {
            "model": "dreamina-seedance-2-5-260628",
            "prompt": "One continuous take through a greenhouse at night: moths, mist, a door "
            "left open, the garden beyond",
            "duration": 20,
            "ago": 30,
        },
        {
            "model": "dreamina-seedance-2-0-mini-260615",
            "prompt": "Vertical teaser: sneakers splash through neon puddles, match cut to "
            "fireworks",
            "ratio": "9:16",
            "ago": 2 * DAY,
        },
        {
            "model": "seedance-1-0-pro-fast-251015",
            "prompt": "Clouds pour over a mountain pass like slow water, time-lapse, last light",
            "ago": 8,
        },
    ),
    *_shots(
        "powertokens",
        {
            "model": "dreamina-seedance-2-0-260128",
            "prompt": "A glassblower turns a glowing sphere, sparks drift up, shallow focus, "
            "the room breathes orange",
            "ago": 55 * MINUTE,
        },
        {
            "model": "seedance-1-5-pro-251215",
            "prompt": "两个孩子在天台放风筝，城市在脚下亮起灯，镜头跟着风筝线一路升高",
            "ratio": "9:16",
            "ago": 21 * HOUR,
        },
        {
            "model": "dreamina-seedance-2-0-fast-260128",
            "prompt": "A whale of folded paper swims over sleeping rooftops, moonlit, gentle dolly",
            "ago": 20,
        },
        {
            "model": "seedance-1-0-pro-250528",
            "prompt": "Old cinema seen from the projection booth, dust in the beam, reel change",
            "wish": "expire",
            "resolution": "480p",
            "ago": 9 * HOUR,
        },
    ),
    *_shots(
        "dataeyes",
        {
            "model": _1_5,
            "prompt": "雨夜的霓虹街道，光斑在玻璃上慢慢化开，低机位，安静",
            "ratio": "9:16",
            "ago": 33 * MINUTE,
        },
        {
            "model": _1_5,
            "prompt": "A fox crosses a frozen pond at blue hour, breath visible, ice sings, "
            "telephoto",
            "ago": 6 * HOUR,
        },
        {
            "model": _PRO,
            "prompt": "Macro: frost grows across a window until the street lamp becomes a star",
            "ratio": "1:1",
            "ago": 45,
        },
        {
            "model": _1_5,
            "prompt": "Storm front rolls over a wheat field, one red coat walking towards it",
            "wish": "fail=OutputVideoSensitiveContentDetected",
            "ratio": "21:9",
            "ago": 80 * MINUTE,
        },
        {
            "model": _1_5,
            "prompt": "Harbour at four in the morning, cranes asleep, a ferry's windows slide past",
            "ago": 30 * HOUR,
        },
    ),
    *_shots(
        "tokenhot",
        {
            "model": "doubao-seedance-2.0",
            "prompt": "Lanterns rise from a lakeside festival, thousands of small suns mirrored "
            "in still water",
            "ratio": "4:3",
            "ago": 16 * MINUTE,
        },
        {
            "model": "doubao-seedance-2.0-fast",
            "prompt": "古籍的书页在风里翻动，墨迹化作飞鸟，从纸面掠起，飞出窗外",
            "ago": 2 * HOUR + 30 * MINUTE,
        },
        {
            "model": "doubao-seedance-2.0",
            "prompt": "A dancer in white crosses an empty salt flat, her footprints fill with sky",
            "ratio": "21:9",
            "ago": 50,
        },
        {
            "model": _1_5,
            "prompt": "Storyboard 12: the train door closes, the platform slides away, hold on "
            "the empty bench",
            "ago": 26 * HOUR,
        },
    ),
    *_shots(
        "yescale",
        {
            "model": _PRO,
            "prompt": "Sunrise over a sea of clouds, a small temple roof like a ship at anchor",
            "resolution": "480p",
            "ago": 40 * MINUTE,
        },
        {
            "model": _PRO,
            "prompt": "竹林深处，光柱穿过薄雾，一片叶子缓缓落下，升格镜头",
            "resolution": "1080p",
            "ratio": "9:16",
            "ago": 15,
        },
        {
            "model": _PRO,
            "prompt": "A clockmaker's bench at night, springs and brass, one tick per cut",
            "resolution": "480p",
            "ratio": "4:3",
            "ago": 3 * DAY,
        },
    ),
    *_shots(
        "newapi",
        {
            "model": _2_0,
            "prompt": "Underwater ruins in green light, a shoal turns as one, slow crane up",
            "ago": 28 * MINUTE,
        },
        {
            "model": _FAST,
            "prompt": "Cut-out animation: the moon is lowered on strings over a cardboard town",
            "ratio": "1:1",
            "ago": 5 * HOUR,
        },
        {
            "model": _2_0,
            "prompt": "Drone follows a red tram across the old bridge at dusk, windows glowing, "
            "river full of sky",
            "ago": 65,
        },
        {
            "model": _1_5,
            "prompt": "A quiet kitchen, coffee, rain; the cat takes the only light",
            "wish": "novideo",
            "ratio": "3:4",
            "ago": 90 * MINUTE,
        },
    ),
    *_shots(
        "native",
        {
            "model": _2_0,
            "prompt": "Look test: aurora over black volcanic sand, surf in slow motion",
            "ago": 11 * MINUTE,
        },
        {
            "model": _FAST,
            "prompt": "Look test: same beach at noon, hard light, one umbrella",
            "ratio": "4:3",
            "ago": 35,
        },
    ),
)

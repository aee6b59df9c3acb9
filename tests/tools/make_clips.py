# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy"]
# ///
"""Paint the simulator's clips: `uv run tests/tools/make_clips.py [name …]`.

It needs ffmpeg with libx264, and is only for somebody who wants other clips: the finished ones are
in `tasks/simulator/clips`. Each scene is a pure function of a grid and a time in seconds; noise is
seeded, so a run repeats exactly.
"""

from __future__ import annotations

import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np  # type: ignore[import-not-found]

CLIPS = Path(__file__).parents[2] / "tasks" / "simulator" / "clips"
FPS, SECONDS = 24, 5
RATE = 44_100
KILOBITS = 205  # per second of picture; with sound a clip stays below 170 KB

Array = Any  # numpy's own generics would tell a reader less
LATTICE = np.random.default_rng(7).random((256, 256)).astype(np.float32)


def noise(x: Array, y: Array) -> Array:
    """Return smooth value noise between 0 and 1, periodic over 256."""
    column, row = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    u, v = x - column, y - row
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    left, right, top, bottom = column & 255, (column + 1) & 255, row & 255, (row + 1) & 255
    upper = LATTICE[top, left] * (1 - u) + LATTICE[top, right] * u
    lower = LATTICE[bottom, left] * (1 - u) + LATTICE[bottom, right] * u
    return upper * (1 - v) + lower * v


def fbm(x: Array, y: Array, octaves: int = 5) -> Array:
    """Add up octaves of noise, each half as large and half as strong; about 0 to 1."""
    total, weight, size = 0.0, 0.5, 1.0
    for octave in range(octaves):
        total = total + weight * noise(x * size + octave * 17.3, y * size + octave * 9.1)
        weight, size = weight / 2, size * 2.03
    return total


def step(low: float, high: float, value: Array) -> Array:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(first: Array, second: Array, share: Array) -> Array:
    """Blend two colours (or pictures) by a share of the second, per pixel."""
    share = np.asarray(share)[..., None]
    return np.asarray(first) * (1 - share) + np.asarray(second) * share


def colour(text: str) -> Array:
    """Convert a colour written in hex to light (gamma removed)."""
    return (np.array([int(text[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / 255) ** 2.2


def gradient(value: Array, *stops: tuple[float, str]) -> Array:
    """Interpolate colours; each stop is (position from 0 to 1, hex colour)."""
    at = [stop for stop, _ in stops]
    channels = np.array([colour(text) for _, text in stops])
    return np.stack([np.interp(value, at, channels[:, i]) for i in range(3)], -1)


def glow(x: Array, y: Array, cx: float, cy: float, radius: float) -> Array:
    """Light a point softly; it falls off with the square of the distance."""
    return 1 / (1 + ((x - cx) ** 2 + (y - cy) ** 2) / radius**2)


def stars(x: Array, y: Array, t: float, count: int, top: float) -> Array:
    """Scatter small points above `top`, each of which twinkles at its own pace."""
    dice = np.random.default_rng(11)
    sky = np.zeros_like(x)
    width = float(x.max())
    for _ in range(count):
        cx, cy, size, pace = (
            dice.random() * width,
            dice.random() * top,
            dice.random(),
            dice.random(),
        )
        strength = 0.25 + size**3 * (0.8 + 0.2 * np.sin(t * (1 + 2 * pace) + pace * 40))
        near = (abs(x[0] - cx) < 0.01).nonzero()[0], (abs(y[:, 0] - cy) < 0.01).nonzero()[0]
        box = np.ix_(near[1], near[0])
        spread = 0.0012 + 0.0007 * size
        sky[box] += strength * np.exp(-((x[box] - cx) ** 2 + (y[box] - cy) ** 2) / spread**2)
    return sky


def aurora(x: Array, y: Array, t: float) -> Array:
    """Curtains of green and violet over a lake between dark mountains."""
    shore = 0.70
    mirrored = np.where(y < shore, y, shore - (y - shore) * 0.95)
    ripple = np.where(
        y < shore, 0, (noise(x * 9, y * 90 - t * 2.2) - 0.5) * 0.03 * (y - shore + 0.06)
    )
    sx, sy = x + ripple * 4, mirrored + ripple
    sky = gradient(sy, (0, "050b1f"), (0.45, "0b2038"), (0.7, "1b4450"))
    sky += stars(x, y, t, 130, 0.6)[..., None] * colour("cfe3ff") * (y < shore)[..., None]
    for depth, (hue, foot, base) in enumerate(
        [("39f5a0", "b6ffd0", 0.50), ("27d7b8", "7dffe0", 0.40), ("8b5cff", "ff7ad9", 0.30)]
    ):
        bend = fbm(sx * 1.5 + depth * 5 + t * 0.05, np.full_like(sx, t * 0.07 + depth), 3)
        fold = base + (bend - 0.5) * 0.42 + 0.04 * np.sin(sx * 5 + t * 0.5 + depth)
        rays = noise(sx * 16 + bend * 14 + t * 0.35, sx * 0 + depth * 3 + t * 0.2)
        rays = 0.35 + 0.9 * rays * noise(sx * 5 - t * 0.15, sx * 0 + depth * 7.7) * 1.5
        above = fold - sy
        veil = np.exp(-np.clip(above, 0, None) / (0.10 + 0.12 * rays)) * step(-0.035, 0.012, above)
        light = mix(colour(foot), colour(hue), step(0, 0.12, above)) * (veil * rays)[..., None]
        sky += light * (0.62, 0.42, 0.46)[depth]
    far = 0.60 - 0.12 * fbm(x * 2.2 + 3, x * 0 + 1, 5) - 0.02 * np.cos(x * 3)
    near = 0.67 - 0.10 * fbm(x * 3.1 + 40, x * 0 + 8, 6)
    rocks = (mirrored > far).astype(np.float32) * step(shore, shore - 0.001, mirrored)
    picture = mix(sky, colour("0a1c2b") + sky * 0.10, step(0, 0.006, mirrored - far) * (rocks > 0))
    picture = mix(picture, colour("040b13"), step(0, 0.004, mirrored - near))
    lake = np.where(y > shore, 0.62 - 0.25 * (y - shore) / 0.3, 1.0)
    return picture * lake[..., None] + (colour("0b2a30") * 0.35) * (y > shore)[..., None]


def dunes(x: Array, y: Array, t: float) -> Array:
    """Sand ridges under a low sun, wind combing them towards the camera."""
    picture = gradient(y, (0, "2a3b6e"), (0.22, "a2657a"), (0.42, "f2a65e"), (0.55, "ffd59a"))
    sun = glow(x, y, 1.18, 0.375, 0.055)
    picture += (sun**1.4)[..., None] * colour("ffdf9e") * 1.6
    picture += glow(x, y, 1.18, 0.39, 0.35)[..., None] * colour("ff8a4c") * 0.35
    cloud = step(0.45, 0.75, fbm(x * 1.4 + t * 0.03, y * 9 + 4, 4)) * step(0.42, 0.1, y)
    picture = mix(picture, colour("ffb08a"), cloud * 0.35)
    layers = [
        (0.405, 0.05, 1.6, "b5715a", "8a4f52", 0.012),
        (0.47, 0.09, 1.2, "d9864f", "7d3f43", 0.022),
        (0.58, 0.13, 0.9, "e8954f", "6a2f3a", 0.036),
        (0.76, 0.20, 0.7, "d97d3e", "4c1f30", 0.055),
    ]
    for depth, (height, swell, wide, lit, shade, drift) in enumerate(layers):
        sx = x + t * drift + depth * 3.7
        ridge = height + swell * (noise(sx * wide, sx * 0 + depth * 5) - 0.5) * 1.7
        ridge += swell * 0.22 * (noise(sx * wide * 3, sx * 0 + depth * 9) - 0.5)
        under = y - ridge
        spine = sx * wide * 1.0 + under * (3.2 - 0.4 * depth) + depth
        face = step(0.40, 0.60, noise(spine * 1.5, under * 1.1 + depth * 11))
        comb = noise(sx * 20 + under * 34, under * 90 / (1 + depth * 0.5) - t * 1.1) - 0.5
        sand = mix(colour(lit), colour(shade), face * 0.85 + step(0, 0.35, under) * 0.25)
        sand = sand * (1 + comb * 0.20 * (1 - face))[..., None]
        rim = np.exp(-np.clip(under, 0, None) / 0.010)[..., None] * colour("ffe0a8") * 0.55
        haze = (0.55, 0.30, 0.12, 0.0)[depth]
        sand = mix(
            sand + rim * glow(x, y, 1.18, ridge, 0.6)[..., None], colour("f4ad70"), x * 0 + haze
        )
        picture = mix(picture, sand, step(0, 0.004, under))
    blown = step(0.56, 0.78, fbm(x * 3 + t * 0.9, y * 11 - t * 0.1, 4)) * step(0.40, 0.60, y)
    return picture + (blown * 0.10)[..., None] * colour("ffd9a0")


def sea(x: Array, y: Array, t: float) -> Array:
    """A long swell at dusk with the sun's road on the water."""
    horizon = 0.44
    picture = gradient(y, (0, "1b2a5c"), (0.2, "5a4a86"), (0.36, "e0708a"), (0.44, "ffc58a"))
    band = fbm(x * 1.1 + t * 0.02, y * 7 + 2, 5)
    cloud = step(0.44, 0.70, band) * step(0.44, 0.25, y)
    picture = mix(
        picture, gradient(y, (0.05, "3c3a72"), (0.3, "c2587c"), (0.42, "ffb27d")), cloud * 0.7
    )
    picture += (glow(x, y, 0.92, horizon - 0.035, 0.04) ** 1.5)[..., None] * colour("fff0c4") * 2.4
    picture += glow(x, y, 0.92, horizon, 0.30)[..., None] * colour("ff7a59") * 0.45
    depth = np.clip(y - horizon, 1e-4, None)
    far = 0.10 / depth
    wx, wz = (x - 0.89) * far * 14, far * 14 + t * 0.9
    swell = noise(wx * 0.35 + t * 0.2, wz * 0.8) + 0.55 * noise(wx * 0.9 - t * 0.3, wz * 1.9)
    swell += 0.32 * noise(wx * 2.3 + t * 0.5, wz * 4.3 + t) + 0.18 * noise(
        wx * 5.5, wz * 9 - t * 1.6
    )
    fine = 0.30 * noise(wx * 12 + t, wz * 22 - t * 2.2) + 0.16 * noise(wx * 27, wz * 46 + t * 3)
    slope = swell - 1.25 + fine * step(0.05, 0.45, depth) * 1.25
    water = gradient(depth / 0.56, (0, "d9788a"), (0.12, "6b4a84"), (0.45, "24396e"), (1, "0a1736"))
    water = water * (1 + slope * 0.9)[..., None]
    road = np.exp(-(((x - 0.92) / (0.035 + depth * 0.55)) ** 2))
    sparkle = step(0.06, 0.42, slope) * road * (0.35 + 0.9 * np.exp(-depth * 5))
    water += sparkle[..., None] * colour("ffd9a0") * 1.9
    water += (road * np.exp(-depth * 9) * 0.5)[..., None] * colour("ff9a66")
    return np.where((y > horizon)[..., None], water, picture)


def city(x: Array, y: Array, t: float) -> Array:
    """Night lights of a street, far out of focus."""
    picture = gradient(y / 1.78, (0, "0b1030"), (0.5, "1d1440"), (0.75, "3a1a3f"), (1, "0c0a1c"))
    dice = np.random.default_rng(23)
    hues = ("ffb347", "ff6b4a", "ff3d7f", "59c3ff", "7a7bff", "ffe2a6", "37e0c8")
    for index in range(64):
        near = dice.random()
        size = 0.028 + 0.075 * near**1.5
        cx = (
            dice.random() * 1.3 - 0.15 + t * (0.012 + 0.03 * near) * (1 if index % 3 else -1)
        ) % 1.3 - 0.15
        cy = 0.40 + dice.random() ** 0.8 * 1.15
        blink = 0.75 + 0.25 * np.sin(t * (0.6 + dice.random() * 1.6) + dice.random() * 6)
        distance = np.hypot(x - cx, y - cy) / size
        disc = step(1.06, 0.94, distance) * (0.55 + 0.45 * step(0.6, 1.0, distance))
        halo = np.exp(-(distance**2) / 3) * 0.25
        hue = colour(hues[int(dice.random() * len(hues))])
        picture = picture + (disc + halo)[..., None] * hue * blink * (0.30 + 0.25 * (1 - near))
    towers = step(0.0, 0.01, y - 0.34 - 0.22 * np.floor(noise(x * 7, x * 0 + 3) * 6) / 6)
    return picture * (0.72 + 0.28 * towers)[..., None]


def ink(x: Array, y: Array, t: float) -> Array:
    """Indigo and vermilion unfolding in clear water."""
    px, py = x * 2.1, y * 2.1 - t * 0.10
    ax = fbm(px + t * 0.11, py + 1.7, 4)
    ay = fbm(px + 5.2, py - t * 0.13 + 3.3, 4)
    bx = fbm(px + 3.4 * ax + 1.7, py + 3.4 * ay + 9.2 + t * 0.09, 4)
    by = fbm(px + 3.4 * ax + 8.3, py + 3.4 * ay + 2.8 - t * 0.07, 4)
    cloud = fbm(px + 3.0 * bx, py + 3.0 * by, 5)
    fall = step(1.05, 0.05, np.hypot((x - 0.5) * 1.15, (y - 0.46)) * 1.5)
    dense = step(0.36, 0.66, cloud * (0.55 + 0.62 * fall))
    wisps = step(0.42, 0.60, bx * (0.5 + 0.7 * fall)) * 0.5
    paper = gradient(y, (0, "f6efe2"), (1, "e3d8c8")) * (0.94 + 0.06 * fall)[..., None]
    picture = mix(paper, gradient(by, (0.3, "7ea6c9"), (0.6, "23366f")), wisps)
    picture = mix(
        picture, gradient(cloud, (0.40, "3c5fa8"), (0.55, "16205a"), (0.7, "0a0d2e")), dense
    )
    ember = step(0.52, 0.70, ax * (0.45 + 0.75 * fall)) * step(0.1, 0.7, dense + wisps)
    return mix(picture, gradient(bx, (0.35, "c8322b"), (0.6, "ff8a4c")), ember * 0.85)


def mist(x: Array, y: Array, t: float) -> Array:
    """Ridge behind ridge at dawn with fog flowing through the valleys."""
    picture = gradient(y, (0, "7c94b8"), (0.3, "d8b9b4"), (0.5, "ffe2bd"), (1, "ffe9cf"))
    picture += (glow(x, y, 1.55, 0.33, 0.05) ** 1.3)[..., None] * colour("fff2cf") * 1.2
    picture += glow(x, y, 1.55, 0.36, 0.45)[..., None] * colour("ffb27a") * 0.30
    tones = ("a9b0c2", "8896ae", "647894", "435a76", "263e56", "122636")
    for depth, tone in enumerate(tones):
        sx = x + t * 0.006 * (depth + 1) ** 1.3 + depth * 7.3
        rough = fbm(sx * (1.3 + 0.22 * depth), sx * 0 + depth * 4, 6) - 0.5
        under = y - (0.34 + depth * 0.105 - (0.22 - 0.012 * depth) * rough)
        trees = 0.0
        if depth >= 4:  # the nearest slopes carry a forest
            crowns = sx * (64 - 14 * (depth - 4))
            tall = 0.3 + 1.1 * noise(np.floor(crowns) * 0.7, sx * 0 + 2)
            trees = 0.030 * (depth - 3) * (1 - abs(crowns % 1 - 0.5) * 2) * tall
        picture = mix(picture, colour(tone), step(0, 0.003, under + trees))
        flow = fbm(x * 1.6 + t * (0.05 + 0.02 * depth) + depth * 3, y * 5 - depth, 5)
        fog = step(0.02, 0.22, under) * step(0.30, 0.62, flow + 0.12)
        picture = mix(picture, colour("f5dcc8") * 0.95, fog * (0.80 - 0.12 * depth))
    return picture


def lanterns(x: Array, y: Array, t: float) -> Array:
    """Paper lanterns rising over still water in the blue hour."""
    shore = 0.74
    picture = gradient(y, (0, "081030"), (0.45, "1c2a5e"), (0.70, "6a4a78"), (0.74, "c07a78"))
    picture += stars(x, y, t, 60, 0.45)[..., None] * colour("dfe8ff") * 0.7
    hill = shore - 0.02 - 0.11 * fbm(x * 2 + 9, x * 0 + 4, 5)
    picture = mix(picture, colour("0e1530"), step(0, 0.004, y - hill))
    lights, bodies = np.zeros_like(picture), []
    dice = np.random.default_rng(5)
    for index in range(26):
        near = dice.random() ** 1.4
        size = 0.010 + 0.036 * near
        cy = (0.82 - dice.random() * 1.02 - t * (0.006 + 0.022 * near) + 0.2) % 1.02 - 0.2
        cx = dice.random() * 1.34 + 0.012 * np.sin(t * 0.5 + index)
        if cy < shore - 2.2 * size:
            bodies.append((size, cx, cy, 0.86 + 0.14 * np.sin(t * 2.3 + index * 1.7)))
    for size, cx, cy, flame in sorted(bodies):
        warm = colour("ff9a3c") * flame
        lights += (glow(x, y, cx, cy, size * 1.9) ** 2)[..., None] * warm * 0.30
        width = size * (0.72 + 0.20 * np.clip((cy - y) / size, -1, 1))
        body = step(1.04, 0.92, np.maximum(abs(x - cx) / width, abs(y - cy) / size))
        skin = gradient((y - cy) / (2 * size) + 0.5, (0, "d9542b"), (0.6, "ffab4a"), (1, "fff1b8"))
        ribs = 0.92 + 0.08 * np.cos((x - cx) / width * 9)
        lights = mix(lights, skin * ribs[..., None] * flame, body * 0.95)
    picture = picture + lights
    row = np.clip(((2 * shore - y[:, 0]) / y[-1, 0] * (len(y) - 1)).astype(int), 0, len(y) - 1)
    wobble = ((noise(x * 8, y * 70 - t * 1.6) - 0.5) * 26 * (y - shore + 0.04)).astype(int)
    column = np.clip(np.arange(x.shape[1])[None, :] + wobble, 0, x.shape[1] - 1)
    water = picture[row[:, None], column] * 0.60 + colour("0a1230") * 0.30
    return np.where((y > shore)[..., None], water, picture)


Scene = Callable[[Array, Array, float], Array]
SCENES: dict[str, tuple[Scene, int, int, tuple[float, ...]]] = {
    "aurora": (aurora, 960, 540, (98.0, 146.8, 220.0, 329.6)),
    "dunes": (dunes, 960, 540, (110.0, 164.8, 246.9, 277.2)),
    "sea": (sea, 960, 540, (87.3, 130.8, 196.0, 261.6)),
    "city": (city, 540, 960, (103.8, 155.6, 207.7, 311.1)),
    "ink": (ink, 720, 720, (92.5, 138.6, 185.0, 277.2)),
    "lanterns": (lanterns, 800, 600, (116.5, 174.6, 233.1, 349.2)),
    "mist": (mist, 1120, 480, (98.0, 130.8, 196.0, 293.7)),
}


def develop(light: Array, x: Array, y: Array, frame: int) -> bytes:
    """Turn light into film as raw RGB: shoulder, gamma, a vignette, and a grain against banding."""
    centre = ((x / x.max() - 0.5) ** 2 + (y / y.max() - 0.5) ** 2)[..., None]
    light = np.clip(light, 0, None) * (1.06 - 0.5 * centre)
    light = light * (1.12 + light / 4) / (1 + light * 0.75)
    grain = np.random.default_rng(frame % 2).normal(0, 0.0035, light.shape[:2])[..., None]
    picture = np.clip(light, 0, 1) ** (1 / 2.2) + grain
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8).tobytes()


def chord(notes: tuple[float, ...]) -> Array:
    """Make a quiet pad: detuned sines that swell one after another, over filtered noise."""
    t = np.arange(RATE * SECONDS) / RATE
    dice = np.random.default_rng(3)
    sound = np.zeros((len(t), 2))
    for index, note in enumerate(notes):
        swell = np.sin(np.pi * np.clip((t - index * 0.35) / (SECONDS - index * 0.35), 0, 1)) ** 1.5
        for side, detune in enumerate((0.9985, 1.0015)):
            tone = np.sin(2 * np.pi * note * detune * t) + 0.25 * np.sin(
                4 * np.pi * note * t + side
            )
            sound[:, side] += tone * swell / (index + 2)
    air = np.convolve(dice.normal(0, 1, len(t)), np.ones(96) / 96, "same")
    sound += (air * np.sin(np.pi * t / SECONDS) * 0.35)[:, None]
    return sound / abs(sound).max() * 0.35


def write_sound(path: Path, notes: tuple[float, ...]) -> None:
    """Write the chord as a 16-bit stereo WAV file."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((chord(notes) * 32767).astype("<i2").tobytes())


def paint(name: str) -> bytes:
    """Paint every frame of a scene as raw RGB."""
    scene, width, height, _ = SCENES[name]
    side = min(width, height) if width < height else height
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    x, y = x / side, y / side
    frames = range(FPS * SECONDS)
    return b"".join(develop(scene(x, y, n / FPS), x, y, n) for n in frames)


def ffmpeg(*arguments: str, data: bytes = b"") -> None:
    """Run ffmpeg, which prints only errors; CalledProcessError where it fails."""
    command = ["ffmpeg", "-y", "-loglevel", "error", *arguments]
    subprocess.run(command, input=data, check=True, cwd=CLIPS)


def encode(name: str) -> None:
    """Encode a scene in two passes: a small mp4, its index first, and its last frame as a JPEG."""
    _, width, height, notes = SCENES[name]
    frames = paint(name)
    raw = f"-f rawvideo -pix_fmt rgb24 -s {width}x{height} -r {FPS} -i -".split()
    picture = (
        "-c:v libx264 -preset veryslow -tune film -pix_fmt yuv420p "
        f"-b:v {KILOBITS}k -x264-params aq-mode=3:aq-strength=0.9 -threads 1 "
        "-vf scale=out_color_matrix=bt709 -colorspace bt709 "
        f"-color_primaries bt709 -color_trc bt709 -passlogfile {name}.pass"
    ).split()
    ffmpeg(*raw, *picture, "-pass", "1", "-an", "-f", "null", "-", data=frames)
    write_sound(CLIPS / f"{name}.wav", notes)
    sound = f"-i {name}.wav -c:a aac -b:a 40k -shortest".split()
    output = f"-movflags +faststart -map_metadata -1 -fflags +bitexact {name}.mp4".split()
    ffmpeg(*raw, *sound, *picture, "-pass", "2", *output, data=frames)
    ffmpeg("-sseof", "-0.2", "-i", f"{name}.mp4", "-update", "1", "-q:v", "5", f"{name}.jpg")
    for leftover in [*CLIPS.glob(f"{name}.pass*"), CLIPS / f"{name}.wav"]:
        leftover.unlink()


if __name__ == "__main__":
    for scene_name in sys.argv[1:] or SCENES:
        encode(scene_name)

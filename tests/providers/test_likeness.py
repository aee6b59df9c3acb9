"""Which task of a list can be what became of a wish: silence says nothing, contradiction all."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.providers import RemoteTask
from tasks.providers.likeness import likeness
from tasks.status import Status
from tests.providers.wishes import wish

SEEDED = "doubao-seedance-1-0-pro-250528"


def remote(**fields: Any) -> RemoteTask:
    usual = {"id": "cgt-1", "status": Status.RUNNING, "status_word": "running", "raw": {}}
    return RemoteTask(**usual | {"model": SEEDED} | fields)


@pytest.mark.parametrize(
    ("wished", "told", "agreed"),
    [
        ({}, {}, ()),
        ({"seed": 11}, {"seed": 11}, ("seed",)),
        ({"seed": 11}, {"seed": 12}, None),
        ({"seed": 11}, {}, ()),
        ({"seed": -1}, {"seed": 12}, ()),
        ({"seed": 0}, {"seed": 0}, ("seed",)),
        ({}, {"seed": 12}, ()),
        ({"resolution": "720p"}, {"resolution": "720P"}, ("resolution",)),
        ({"resolution": "720p"}, {"resolution": "1080p"}, None),
        ({"ratio": "adaptive"}, {"ratio": "5:4"}, ()),
        ({"ratio": "16:9"}, {"ratio": "9:16"}, None),
        ({"ratio": "16:9", "parts": ["first_frame"]}, {"ratio": "4:3"}, ()),
        ({"duration": -1}, {"duration": 8}, ()),
        ({"duration": 5}, {"duration": 8}, None),
        ({"frames": 57, "duration": 5}, {"duration": 2}, ()),
        ({"frames": 57}, {"frames": 57}, ("frames",)),
        ({"frames": 57}, {"frames": 61}, None),
        ({}, {"service_tier": "default"}, ()),
        ({}, {"service_tier": "flex"}, None),
        ({"service_tier": "flex"}, {"service_tier": "flex"}, ("service_tier",)),
        ({"service_tier": "flex"}, {"service_tier": "default"}, None),
        ({}, {"draft": True}, None),
        ({}, {"generate_audio": False, "priority": 3}, ()),
        ({"generate_audio": False}, {"generate_audio": True}, None),
        (
            {"seed": 11, "resolution": "720p", "duration": 5},
            {"seed": 11, "resolution": "720p", "duration": 5},
            ("seed", "resolution", "duration"),
        ),
    ],
)
def test_settings(
    wished: dict[str, Any], told: dict[str, Any], agreed: tuple[str, ...] | None
) -> None:
    assert likeness(wish(SEEDED, **wished), remote(**told)) == agreed


@pytest.mark.parametrize(
    ("sent", "known_as", "told", "alike"),
    [
        (SEEDED, "", SEEDED, True),
        (SEEDED, "", "", True),
        (SEEDED, "", "seedance-1-0-pro-250528", True),
        (SEEDED, "", "doubao-seedance-1-0-pro-fast-251015", False),
        (SEEDED, "", "another-model", False),
        ("ep-20261120-abcde", "seedance-2-0-260128", "doubao-seedance-2-0-260128", True),
        ("ep-20261120-abcde", "seedance-2-0-260128", "ep-20261120-abcde", True),
        ("ep-20261120-abcde", "seedance-2-0-260128", SEEDED, False),
    ],
)
def test_models_by_whichever_name(sent: str, known_as: str, told: str, alike: bool) -> None:
    found = likeness(wish(sent, known_as=known_as), remote(model=told))
    assert (found is not None) == alike

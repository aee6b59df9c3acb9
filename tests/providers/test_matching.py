"""The tasks of a list that may have come from a request: only a contradiction rules one out."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.providers import RemoteTask
from tasks.providers.catalog.matching import matching_settings
from tasks.providers.status import Status
from tests.providers.generations import generation

SEEDED = "doubao-seedance-1-0-pro-250528"


def remote(**fields: Any) -> RemoteTask:
    usual = {"id": "cgt-1", "status": Status.RUNNING, "status_word": "running", "raw": {}}
    return RemoteTask(**usual | {"model": SEEDED} | fields)


@pytest.mark.parametrize(
    ("requested", "listed", "confirmed"),
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
def test_each_setting_confirms_contradicts_or_tells_nothing(
    requested: dict[str, Any], listed: dict[str, Any], confirmed: tuple[str, ...] | None
) -> None:
    assert matching_settings(generation(SEEDED, **requested), remote(**listed)) == confirmed


@pytest.mark.parametrize(
    ("sent", "known_as", "listed", "alike"),
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
def test_a_model_is_compared_by_any_of_its_names(
    sent: str, known_as: str, listed: str, alike: bool
) -> None:
    found = matching_settings(generation(sent, known_as=known_as), remote(model=listed))
    assert (found is not None) == alike

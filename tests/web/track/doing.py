"""Ids and form values that the tests of tracking share."""

from typing import Any

from tasks.models import (
    Credential,
)

A = "cgt-20261120120000-aaaaa"


B = "cgt-20261120120000-bbbbb"


URL = "/tasks/track/"


def typed(ids: str, credential: Credential, step: str = "preview", **more: Any) -> dict[str, Any]:
    return {"ids": ids, "credential": credential.pk, "step": step, **more}

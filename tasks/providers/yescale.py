"""YEScale: Ark's fields, flat, with an echo of the request beside them."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.providers import ids
from tasks.providers.dialect import AnyShape


@dataclass(frozen=True, slots=True)
class YEScale(AnyShape):
    """im06lq19wz.apifox.cn/api-316506193; no list and no cancel are documented."""

    prefixes: tuple[str, ...] = (ids.NATIVE, "")
    name: str = "yescale"
    probe_id: str = "cgt-20200101000000-aaaaa"

    def task_path(self, remote_id: str) -> str:
        """Path below the base URL that answers one task."""
        return f"/seedance/generations/{ids.in_path(remote_id)}"

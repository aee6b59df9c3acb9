"""A gateway behind a gateway: the row of the outer one, whose upstream is new-api again.

The outer gateway keeps the inner one's video object as the body of its upstream, and gives out the
inner one's link, which names its own id at an address that nobody set (github.com/QuantumNous/
new-api: setting/system_setting ServerAddress, relay/channel/task/sora/adaptor.go).
"""

from __future__ import annotations

import hashlib
from typing import Any

from tasks.simulator.newapi_rows import GatewayRow, video_json
from tasks.simulator.records import Record

WORD = "behind"  # sim:behind, and sim:behind=dead where the signed link inside works no more


def is_behind(record: Record) -> bool:
    return WORD in record.order.steering()


def behind_another(
    data: dict[str, Any], record: Record, row: GatewayRow, origin: str
) -> dict[str, Any]:
    """Return the outer gateway's row, with the inner one's object in place of Ark's task."""
    inner_id = f"task_{hashlib.sha256(record.public_id.encode()).hexdigest()[:32]}"
    video = video_json(record, row, origin) | {"id": inner_id, "task_id": inner_id}
    link = video["metadata"]["url"]
    if link and record.order.steering()[WORD] == "dead":
        video["metadata"] = {"url": link.replace("&X-Tos-Signature=", "&X-Tos-Signature=0")}
    outer = data | {"data": video}
    if row.status == "SUCCESS":
        outer["result_url"] = f"http://localhost:3000/v1/videos/{inner_id}/content"
    return outer

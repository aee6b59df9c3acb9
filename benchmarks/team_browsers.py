"""Open pages of a team, asking in a process of their own: python -m benchmarks.team_browsers PLAN

PLAN is a file of JSON: the site's address, the pages (cookie and address of the question), for how
long, and where to write what was answered.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.browsers import Browser

TASK = re.compile(rb'data-task="([^"]+)"')


class Page:
    """An open page: it asks each so many seconds, and notes what it was answered.

    As htmx does: news bring a new question with a pause of its own; where there are none, the old
    one goes on by the clock, at once if the answer came late.
    """

    def __init__(self, number: int, browser: Browser, every: float, notes: list[Any]) -> None:
        self._number, self._browser, self._every, self._notes = number, browser, every, notes

    async def keep_asking(self, due: float, end: float) -> None:
        while due < end:
            await asyncio.sleep(max(0.0, due - time.time()))
            sent = time.time()
            status = await self._browser.ask()
            told = [name.decode() for name in TASK.findall(self._browser.body)]
            answered = time.time()
            self._notes.append([self._number, sent, answered, status, told])
            due = self._every + (answered if status == 200 else due)


async def run(plan: dict[str, Any]) -> dict[str, list[Any]]:
    """Notes of live answers and of the header's, as [page, sent, answered, status, tasks told]."""
    notes: dict[str, list[Any]] = {kind: [] for kind in plan["pages"]}
    asking, browsers = [], []
    began = time.time() + 1.0
    for kind, pages in plan["pages"].items():
        every = plan["every"][kind]
        for number, (cookie, address) in enumerate(pages):
            browser = Browser(plan["url"] + address, cookie, follows=kind != "click")
            await browser.open()
            browsers.append(browser)
            start = began + random.uniform(0, every)
            page = Page(number, browser, every, notes[kind])
            asking.append(page.keep_asking(start, began + plan["seconds"]))
    await asyncio.gather(*asking)
    for browser in browsers:
        browser.close()
    return notes


def main() -> None:
    plan = json.loads(Path(sys.argv[1]).read_text())
    Path(plan["notes"]).write_text(json.dumps(asyncio.run(run(plan))))


if __name__ == "__main__":
    main()

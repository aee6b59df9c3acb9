"""A headless Chromium for benchmarks: the weight of pages, and how soon they are there.

The network of the phone is what Lighthouse calls a slow 4G; its processor is a quarter of ours.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser")
PATIENCE = 60_000  # ms for a page
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
SLOW_4G = {
    "offline": False,
    "latency": 150,  # ms
    "downloadThroughput": 1_600_000 / 8,  # bytes a second
    "uploadThroughput": 750_000 / 8,
}
SLOWER = 4  # times, a phone's processor
PICTURES = ("Image", "Media")
#: Notes what the browser tells while it happens.
WATCH = """
window.seen = { shift: 0, longest: 0 };
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) seen.shift += each.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) seen.longest = Math.max(seen.longest, each.duration);
}).observe({ type: "longtask", buffered: true });
"""
PAINTED = """() => performance.getEntriesByName("first-contentful-paint").length
    && performance.getEntriesByType("navigation")[0].loadEventEnd"""
READ = """() => {
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    const [loaded] = performance.getEntriesByType("navigation");
    const clicked = Number(sessionStorage.getItem("clicked"));
    return {
        painted: paint.startTime,
        usable: Math.max(paint.startTime, loaded.domContentLoadedEventEnd),
        loaded: loaded.loadEventEnd,
        opened: performance.timeOrigin + paint.startTime - clicked,
        ...window.seen,
    };
}"""
#: Notes when the click comes, and says where to press: beside the ▶ in the middle of a picture.
AIM = """([selector, number]) => {
    const links = document.querySelectorAll(selector), link = links[number % links.length];
    addEventListener("click", ({ timeStamp }) => {
        sessionStorage.setItem("clicked", performance.timeOrigin + timeStamp);
    }, true);
    link.scrollIntoView({ block: "center" });
    const { left, top, width, height } = link.getBoundingClientRect();
    return [left + width / 4, top + height / 3];
}"""


@dataclass(frozen=True)
class Seen:
    """Words of the browser on a page that it has loaded. Times are in milliseconds."""

    painted: float  # from the request to the first thing that can be read
    usable: float  # … until all scripts have run as well
    loaded: float  # … until all is loaded, pictures included
    opened: float  # from the click on the page before to the first paint
    longest: float  # task; 0 where none took 50 ms
    shift: float  # the sum of all layout shifts


@contextmanager
def chromium() -> Iterator[Browser]:
    own = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    nowhere_else = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", nowhere_else]
        with playwright.chromium.launch(executable_path=own, args=arguments) as browser:
            yield browser


@contextmanager
def tab(browser: Browser, device: dict[str, Any], cookie: str, url: str) -> Iterator[Page]:
    """A tab of a browser with an empty cache, in which somebody is signed in."""
    name, _, value = cookie.partition("=")
    with browser.new_context(**device) as context:
        context.add_cookies([{"name": name, "value": value, "url": url}])
        context.add_init_script(WATCH)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        yield page


def slow_down(page: Page) -> None:
    """Let the page have the network and the processor of a cheap phone."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})


def visit(page: Page, address: str) -> Seen:
    page.goto(address)
    return look(page)


def look(page: Page) -> Seen:
    """Wait until the page is painted and loaded; what the browser says of it then."""
    page.wait_for_function(PAINTED)
    return Seen(**page.evaluate(READ))


def click(page: Page, selector: str, number: int, *, held: float = 0) -> Seen:
    """Click one of these links with the mouse, and look at the page it leads to.

    The button is held for so many milliseconds; the click comes when it is let go.
    """
    x, y = page.evaluate(AIM, [selector, number])
    page.mouse.move(x, y)
    page.mouse.down()
    page.wait_for_timeout(held)
    with page.expect_navigation():
        page.mouse.up()
    return look(page)


def processor_time(page: Page, address: str) -> float:
    """Milliseconds of a core that the page's own thread needs until it is painted and loaded."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    visit(page, address)
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(1000 * each["value"] for each in metrics if each["name"] == "TaskDuration")


class Weight:
    """Bytes that come over the wire for a page, by kind; those of pictures and films apart."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._kinds: dict[str, str] = {}
        self.bytes: Counter[str] = Counter()
        self.pictures: list[int] = []
        self._session.send("Network.enable")
        self._session.on("Network.responseReceived", self._note_kind)
        self._session.on("Network.loadingFinished", self._add)

    def of(self, page: Page, address: str) -> Counter[str]:
        """The bytes of one more visit to this address."""
        self.bytes, self.pictures = Counter(), []
        page.goto(address)
        page.wait_for_load_state("networkidle")
        return self.bytes

    def rest(self, page: Page) -> None:
        """Scroll to the end of the page, for what it loads only then."""
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_load_state("networkidle")

    def _note_kind(self, event: dict[str, Any]) -> None:
        path = urlsplit(event["response"]["url"]).path
        is_ours = path.startswith("/static/")  # the icons are drawn out of a picture of ours
        kind = "icons" if is_ours and event["type"] in (*PICTURES, "Other") else event["type"]
        self._kinds[event["requestId"]] = kind

    def _add(self, event: dict[str, Any]) -> None:
        kind, size = self._kinds.get(event["requestId"]), int(event["encodedDataLength"])
        if kind in PICTURES:
            self.pictures.append(size)
        elif kind:
            self.bytes[kind.lower()] += size

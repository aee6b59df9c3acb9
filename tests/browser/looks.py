"""How a page looks: in either light and every window, of one load.

Loading a page costs ten times what looking at it costs, so one that is open is put into the other
light and made narrower as a person would do it, and is not fetched anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page

WIDTHS = (320, 375, 768, 1440)  # CSS pixels
#: All that axe can find in the second light that it could not in the first.
OF_COLOURS = ("color-contrast", "link-in-text-block")
_RUN = """rules => axe.run(document, {
  resultTypes: ["violations"],
  ...(rules.length ? {runOnly: {type: "rule", values: rules}} : {}),
})"""
#: Nothing is to be measured while it fades or turns; the policy allows sheets that a script makes.
#: A page with tasks under way draws its turning icons all the time: a quarter of a core here, where
#: no graphics card does it. Says whether axe is there already.
_HOLD_STILL = """() => {
  const sheet = new CSSStyleSheet();
  const still = "animation: none !important; transition: none !important";
  sheet.replaceSync(`*, ::before, ::after { ${still} }`);
  document.adoptedStyleSheets = [sheet];
  return typeof axe === "object";
}"""
_SHINE = "theme => { document.documentElement.dataset.bsTheme = theme; }"


def assert_accessible(page: Page, *rules: str) -> None:
    """By axe, whose script stays in the page; all its rules where none are named. Nothing fades
    while it measures.
    """
    if not page.evaluate(_HOLD_STILL):
        page.evaluate(AXE_SCRIPT)
    found = AxeResults(page.evaluate(_RUN, list(rules)))
    assert not found.violations_count, f"{page.url}\n{found.generate_report()}"


def assert_no_sideways_scrolling(page: Page) -> None:
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, f"{page.url} is {width} px wider than a window of {page.viewport_size}"


def look_at(
    page: Page,
    *,
    closely: tuple[int, ...] = (1440,),
    in_both_lights: bool = True,
    also: Callable[[int], None] | None = None,
) -> None:
    """The page that is open: axe in both lights where `closely` says how wide the window is, no
    scrolling sideways in any; `also` is called in each with its width. A test that comes again in
    the other light needs only the one in which the page is.
    """
    first = page.evaluate("document.documentElement.dataset.bsTheme") or "light"
    page.evaluate(_HOLD_STILL)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert_no_sideways_scrolling(page)
        if also:
            also(width)
        if width in closely:
            assert_accessible(page)
            if in_both_lights:
                _look_at_the_other_light(page, first)


def _look_at_the_other_light(page: Page, first: str) -> None:
    shine(page, "light" if first == "dark" else "dark")
    assert_accessible(page, *OF_COLOURS)
    shine(page, first)


def shine(page: Page, theme: Any) -> None:
    """As the system would, and as the person's own choice."""
    page.emulate_media(color_scheme=theme)
    page.evaluate(_SHINE, theme)

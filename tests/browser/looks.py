"""Checks of a page's look, in both themes and at all widths, after one load.

Loading a page takes ten times as long as checking it, so an open page is switched to the other
theme and resized, as a person would do it, instead of being loaded again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page

WIDTHS = (320, 375, 768, 1440)  # CSS pixels
#: The only rules of axe whose result can differ between the two themes.
COLOUR_RULES = ("color-contrast", "link-in-text-block")
#: Style sheets are not fetched and parsed once more (0.3 s of a core), as no rule that is run asks
#: for them; only one does, which axe calls experimental and leaves out.
_RUN = """rules => axe.run(document, {
  resultTypes: ["violations"],
  preload: {assets: ["media"]},
  ...(rules.length ? {runOnly: {type: "rule", values: rules}} : {}),
})"""
#: Stops animations, as nothing may be measured while it fades or turns; the CSP allows style sheets
#: made by scripts. Turning icons of live tasks also take a quarter of a core here, without a
#: graphics card. Every page of the fixture `page` begins with it.
STOP_ANIMATIONS = """(() => {
  const sheet = new CSSStyleSheet();
  const still = "animation: none !important; transition: none !important";
  sheet.replaceSync(`*, ::before, ::after { ${still} }`);
  document.adoptedStyleSheets = [sheet];
})()"""
_SET_THEME = "theme => { document.documentElement.dataset.theme = theme; }"


def assert_accessible(page: Page, *rules: str) -> None:
    """Check the page with axe, by these rules or by all, with animations stopped."""
    if not page.evaluate(f"{STOP_ANIMATIONS}, typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    result = AxeResults(page.evaluate(_RUN, list(rules)))
    assert not result.violations_count, f"{page.url}\n{result.generate_report()}"


def assert_no_sideways_scrolling(page: Page) -> None:
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, f"{page.url} is {width} px wider than a window of {page.viewport_size}"


def check_appearance(
    page: Page,
    *,
    closely: tuple[int, ...] = (1440,),
    also: Callable[[int], None] | None = None,
) -> None:
    """Check the open page at all widths: it must not scroll sideways, and `also` is called.

    At the widths in `closely` axe checks it in both themes.
    """
    first = page.evaluate("document.documentElement.dataset.theme") or "light"
    page.evaluate(STOP_ANIMATIONS)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert_no_sideways_scrolling(page)
        if also:
            also(width)
        if width in closely:
            assert_accessible(page)
            _check_other_theme(page, first)


def _check_other_theme(page: Page, first: str) -> None:
    set_theme(page, "light" if first == "dark" else "dark")
    assert_accessible(page, *COLOUR_RULES)
    set_theme(page, first)


def set_theme(page: Page, theme: Any) -> None:
    """Set the theme, both as the system's preference and as the person's choice."""
    page.emulate_media(color_scheme=theme)
    page.evaluate(_SET_THEME, theme)

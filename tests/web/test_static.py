"""Static files: our own, and vendored ones that match their manifest byte for byte."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.conf import settings

STATIC = settings.BASE_DIR / "static"
TEMPLATES = settings.BASE_DIR / "templates"
VENDORED = json.loads((STATIC / "vendor" / "manifest.json").read_text())


@pytest.mark.parametrize("package", VENDORED, ids=lambda package: package["name"])
def test_vendored_files_are_what_the_manifest_says(package: dict[str, dict[str, str]]) -> None:
    for path, digest in package["files"].items():
        assert hashlib.sha256((STATIC / path).read_bytes()).hexdigest() == digest, path


def test_every_vendored_file_is_in_the_manifest() -> None:
    known = {path for package in VENDORED for path in package["files"]}
    there = {str(path.relative_to(STATIC)) for path in (STATIC / "vendor").rglob("*.*")}
    assert there - {"vendor/manifest.json"} <= known


def test_every_vendored_package_keeps_its_licence() -> None:
    for package in VENDORED:
        licence = next(path for path in package["files"] if path.endswith("LICENSE"))
        assert "Permission is hereby granted" in (STATIC / licence).read_text()


def test_no_style_sheet_names_a_file_that_is_not_there() -> None:
    """The manifest storage refuses to collect such a style sheet."""
    for sheet in STATIC.rglob("*.css"):
        text = sheet.read_text()
        assert "sourceMappingURL" not in text, sheet
        for url in re.findall(r"""url\(['"]?([^'")]+)""", text):
            assert url.startswith(("data:", "#")) or (sheet.parent / url).is_file(), url


def test_every_icon_that_is_asked_for_is_in_the_sprite() -> None:
    from tasks.web.presenters.badges import STATUS_BADGES

    drawn = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))
    asked = {badge.icon for badge in STATUS_BADGES.values()}
    for template in TEMPLATES.rglob("*.html"):
        asked |= set(re.findall(r'{% icon "([^"]+)"', template.read_text()))
    assert asked <= drawn


def test_scripts_reach_for_nothing_outside_this_site() -> None:
    for script in (path for path in STATIC.glob("*.js")):
        text = Path(script).read_text()
        assert not re.search(r"https?://|\beval\(|new Function|innerHTML", text), script

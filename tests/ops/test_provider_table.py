"""docs/providers.md says what the registry says."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from tasks.management.provider_table import COLUMNS, UNSAID, as_markdown
from tasks.providers import PROVIDERS, Provider
from tasks.providers.catalog.list_prices import PRICE_LISTS

PAGE = Path(settings.BASE_DIR, "docs", "providers.md")
REQUIRED = [
    *("provider", "dialect", "create", "list", "cancel", "callback", "link life", "record life"),
    *("limits", "price source", "last checked on"),
]


def test_the_page_is_what_the_command_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`manage.py provider_table` mends it after a change of the registry."""
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(settings, "BASE_DIR", tmp_path)
    call_command("provider_table", verbosity=0)
    assert (tmp_path / "docs" / "providers.md").read_text() == PAGE.read_text()


def test_the_table_has_a_row_for_every_provider_and_a_cell_for_every_column() -> None:
    table = [line for line in as_markdown().splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert set(REQUIRED) <= set(rows[0])
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert all(cell for row in rows for cell in row)
    slugs = [row[0].partition("`")[2].partition("`")[0] for row in rows[2:]]
    assert slugs == [provider.slug for provider in PROVIDERS]


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.slug)
def test_the_table_shows_what_a_provider_can_do(provider: Provider) -> None:
    cells = {name: cell(provider) for name, cell in COLUMNS.items()}
    assert (cells["list"] != UNSAID) == provider.can_list
    assert (cells["cancel"] != UNSAID) == provider.can_cancel
    assert (cells["callback"] != UNSAID) == provider.can_call_back
    assert cells["last checked on"] == f"{provider.checked_on}"
    assert "IDENTIFIER" not in str(cells)
    if provider.slug in PRICE_LISTS:
        assert PRICE_LISTS[provider.slug].source in cells["price source"]
        assert not provider.price_source, "its list is in the catalog"

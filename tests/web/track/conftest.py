"""A credential to track with."""

import pytest

from tasks.models import (
    Credential,
)


@pytest.fixture
def ark(db: None) -> Credential:
    """A credential of a provider all of whose ids are cgt-…."""
    row = Credential(name="Ark", provider="volcengine", base_url="https://ark.example/api/v3")
    row.replace_key("ark-of-the-tests-0123456789")
    row.save()
    return row

"""Sealed keys at rest."""

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from tasks import encryption
from tasks.models import Credential


def test_a_key_is_unsealed_for_its_own_row_only() -> None:
    token = encryption.seal("sk-secret", bound_to="row 1")
    assert "secret" not in token
    assert encryption.unseal(token, bound_to="row 1") == "sk-secret"
    with pytest.raises(encryption.DecryptionError):
        encryption.unseal(token, bound_to="row 2")


def test_an_older_key_still_opens_what_it_sealed(settings: Settings) -> None:
    token = encryption.seal("sk-secret", bound_to="row 1")
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode(), *settings.CREDENTIAL_KEYS]
    assert encryption.unseal(token, bound_to="row 1") == "sk-secret"


def test_another_key_opens_nothing_and_the_error_has_no_text(settings: Settings) -> None:
    token = encryption.seal("sk-secret", bound_to="row 1")
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(encryption.DecryptionError) as refused:
        encryption.unseal(token, bound_to="row 1")
    assert "sk-secret" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.django_db
def test_two_swapped_rows_are_noticed(credential: Credential) -> None:
    other = Credential(name="other", provider="volcengine", base_url="https://b.example")
    other.replace_key("sk-of-the-other")
    other.save()
    Credential.objects.filter(pk=other.pk).update(sealed_key=credential.sealed_key)
    other.refresh_from_db()
    with pytest.raises(encryption.DecryptionError):
        other.reveal_key()


@pytest.mark.django_db
def test_a_row_shows_the_last_four_characters_of_a_long_key_and_none_of_a_short_one() -> None:
    row = Credential(name="a", provider="volcengine", base_url="https://a.example")
    row.replace_key("sk-0123456789abcd")
    assert row.key_tail == "abcd"
    row.replace_key("short")
    assert row.key_tail == ""

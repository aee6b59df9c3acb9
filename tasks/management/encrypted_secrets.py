"""The secrets that are encrypted with our keys: providers' keys and second factors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from tasks import encryption
from tasks.models import Credential
from tasks.monitoring import probes
from tasks.team.signin.adapters import SECOND_FACTOR

#: The entry of a factor's data that is encrypted.
SECRETS = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}


def secret_keys() -> list[str]:
    """Django's SECRET_KEY, or nothing where there is none."""
    return [key] if (key := probes.secret_key()) else []


@dataclass(frozen=True, kw_only=True)
class EncryptedSecret:
    """One encrypted text, and the row that holds it."""

    name: str  # for people
    token: str
    bound_to: str
    row: Credential | Authenticator

    @classmethod
    def of(cls, row: Credential) -> EncryptedSecret:
        return cls(name=row.name, token=row.sealed_key, bound_to=str(row.uid), row=row)

    @property
    def uses_newest_key(self) -> bool:
        return encryption.is_under_the_newest(self.token, bound_to=self.bound_to)

    @property
    def is_readable(self) -> bool:
        try:
            encryption.unseal(self.token, bound_to=self.bound_to)
        except encryption.DecryptionError:
            return False
        return True

    @property
    def uses_older_key(self) -> bool:
        """Whether it is readable, and must be encrypted again."""
        return not self.uses_newest_key and self.is_readable

    def encrypt_again(self) -> int:
        """Encrypt it with the newest key; return 1, or 0 where somebody has replaced it."""
        text = encryption.unseal(self.token, bound_to=self.bound_to)
        fresh = encryption.seal(text, bound_to=self.bound_to)
        if isinstance(self.row, Credential):
            unchanged: Any = Credential.objects.filter(pk=self.row.pk, sealed_key=self.token)
            return int(unchanged.update(sealed_key=fresh))
        return _replace_factor(self.row, self.token, fresh)


def all_secrets() -> list[EncryptedSecret]:
    return [*credential_keys(), *_second_factors()]


def credential_keys() -> Iterator[EncryptedSecret]:
    rows = Credential.objects.exclude(sealed_key="").only("name", "uid", "sealed_key")
    return map(EncryptedSecret.of, rows)


def _second_factors() -> Iterator[EncryptedSecret]:
    for row in Authenticator.objects.filter(type__in=list(SECRETS)).select_related("user"):
        name = f"{row.get_type_display()} of {row.user}"
        token = row.data.get(SECRETS[row.type], "")
        yield EncryptedSecret(name=name, token=token, bound_to=SECOND_FACTOR, row=row)


@transaction.atomic
def _replace_factor(row: Authenticator, token: str, fresh: str) -> int:
    """Replace the encrypted entry only, for a recovery code may be used at this very moment."""
    entry = SECRETS[row.type]
    current = Authenticator.objects.select_for_update().filter(pk=row.pk).first()
    if current is None or current.data.get(entry) != token:
        return 0
    current.data[entry] = fresh
    current.save(update_fields=["data"])
    return 1

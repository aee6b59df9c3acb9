"""Everything sealed with the site's keys: providers' keys, and secrets of second factors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from tasks import sealing
from tasks.door.adapters import SECOND_FACTOR
from tasks.models import Credential

#: Which entry of a factor's data is sealed.
SECRETS = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """One sealed text, and the row it stands in."""

    name: str  # for people
    token: str
    bound_to: str
    row: Credential | Authenticator

    @property
    def is_under_the_newest(self) -> bool:
        return sealing.is_under_the_newest(self.token, bound_to=self.bound_to)

    @property
    def is_behind(self) -> bool:
        """Some older key opens it; one that none opens is not behind but lost."""
        if self.is_under_the_newest:
            return False
        try:
            sealing.unseal(self.token, bound_to=self.bound_to)
        except sealing.Unreadable:
            return False
        return True

    def seal_again(self) -> int:
        """1, or 0 where somebody has replaced it meanwhile."""
        text = sealing.unseal(self.token, bound_to=self.bound_to)
        fresh = sealing.seal(text, bound_to=self.bound_to)
        if isinstance(self.row, Credential):
            unchanged: Any = Credential.objects.filter(pk=self.row.pk, sealed_key=self.token)
            return int(unchanged.update(sealed_key=fresh))
        return _replace(self.row, self.token, fresh)


def everything() -> list[Sealed]:
    return [*_keys(), *_factors()]


def _keys() -> Iterator[Sealed]:
    for row in Credential.objects.exclude(sealed_key="").only("name", "uid", "sealed_key"):
        yield Sealed(name=row.name, token=row.sealed_key, bound_to=str(row.uid), row=row)


def _factors() -> Iterator[Sealed]:
    for row in Authenticator.objects.filter(type__in=list(SECRETS)).select_related("user"):
        name = f"{row.get_type_display()} of {row.user}"
        token = row.data.get(SECRETS[row.type], "")
        yield Sealed(name=name, token=token, bound_to=SECOND_FACTOR, row=row)


@transaction.atomic
def _replace(row: Authenticator, token: str, fresh: str) -> int:
    """Only this entry: a recovery code may be used at this very moment."""
    entry = SECRETS[row.type]
    now = Authenticator.objects.select_for_update().filter(pk=row.pk).first()
    if now is None or now.data.get(entry) != token:
        return 0
    now.data[entry] = fresh
    now.save(update_fields=["data"])
    return 1

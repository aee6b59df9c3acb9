"""The question to a provider which models an account has; asked once a day, and on demand."""

from __future__ import annotations

import asyncio

from django.utils import timezone

from tasks.encryption import DecryptionError
from tasks.models import Credential
from tasks.models.private_hosts import allowed_private_hosts
from tasks.providers import ProviderError, Trouble
from tasks.providers.dialects.model_list import ListedModel, read_models
from tasks.providers.transport.client import Client

DEADLINE = 20.0  # seconds


def ask(pk: int) -> None:
    """Ask a credential's provider for its models, and keep the list or the reason for none.

    The credential's health is not touched: a list that does not come says nothing about tasks.
    """
    credential = Credential.objects.get(pk=pk)
    try:
        listed = asyncio.run(_list(credential, credential.reveal_key()))
    except DecryptionError:
        credential.note_models_trouble(Trouble.UNAUTHORIZED, timezone.now())
    except ProviderError as error:
        credential.note_models_trouble(error.trouble, timezone.now())
    else:
        credential.keep_models(listed, timezone.now())


async def _list(credential: Credential, key: str) -> tuple[ListedModel, ...]:
    path, scheme = credential.service.models_path, credential.service.auth_scheme
    if not path:
        raise ProviderError("This provider lists no models.", trouble=Trouble.UNSUPPORTED)
    allowed = allowed_private_hosts()
    async with Client(
        credential.base_url, key, scheme=scheme, allowed=allowed, deadline=DEADLINE
    ) as client:
        return read_models(await client.get(path))

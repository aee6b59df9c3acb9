"""The models on a credential's page: asked for by a button, answered by a job."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from tasks import jobs
from tasks.models import AvailableModel, Credential
from tasks.providers import Trouble
from tasks.providers.dialects.model_list import ListedModel
from tests.web.credentials.doing import KEY, changed, page_of


def asked() -> list[tuple[str, tuple[int, ...]]]:
    return [(row.task["func"], row.task["args"]) for row in OrmQ.objects.all()]


def test_the_button_asks_a_worker_and_only_once_at_a_time(desk: Client, theirs: Credential) -> None:
    url = page_of(theirs) + "models/"
    assert 'id="models-button"' in desk.get(page_of(theirs)).content.decode()
    for _ in range(2):
        assert desk.post(url)["Location"] == page_of(theirs)
    assert asked() == [(jobs.LIST_MODELS, (theirs.pk,))]
    waiting = desk.get(url).content.decode()
    assert 'hx-trigger="every 1s"' in waiting


def test_the_list_names_known_and_new_models(desk: Client, theirs: Credential) -> None:
    listed = [ListedModel(name="doubao-seedance-2.0"), ListedModel(name="seedance-3.0")]
    theirs.keep_models(listed, timezone.now())
    page = desk.get(page_of(theirs) + "models/").content.decode()
    assert page.count('data-model="known"') == page.count('data-model="new"') == 1
    assert "hx-trigger" not in page


@pytest.mark.parametrize(
    ("trouble", "says"),
    [(Trouble.UNAUTHORIZED, "rejected the key"), (Trouble.BAD_ADDRESS, "no model list")],
)
def test_trouble_with_the_list_is_told(
    trouble: Trouble, says: str, desk: Client, theirs: Credential
) -> None:
    theirs.note_models_trouble(trouble, timezone.now())
    page = desk.get(page_of(theirs) + "models/").content.decode()
    assert "tone-amber" in page and says in page


def test_a_provider_without_a_list_has_no_button(desk: Client, theirs: Credential) -> None:
    Credential.objects.update(provider="yescale")
    assert 'id="models"' not in desk.get(page_of(theirs)).content.decode()
    desk.post(page_of(theirs) + "models/")
    assert not OrmQ.objects.exists()


def test_another_key_may_be_another_account_and_has_none_of_the_models(
    desk: Client, theirs: Credential
) -> None:
    theirs.keep_models([ListedModel(name="seedance-3.0")], timezone.now())
    desk.post(page_of(theirs) + "key/", {"new-key": KEY})
    theirs.refresh_from_db()
    assert (theirs.reveal_key(), theirs.models_listed_at) == (KEY, None)
    assert not AvailableModel.objects.exists()


def test_another_address_has_none_of_the_models(desk: Client, theirs: Credential) -> None:
    theirs.keep_models([ListedModel(name="seedance-3.0")], timezone.now())
    desk.post(page_of(theirs), changed(theirs, base_url="https://elsewhere.example", key=KEY))
    theirs.refresh_from_db()
    assert theirs.base_url.startswith("https://elsewhere.example")
    assert (theirs.models_asked_at, theirs.models_listed_at) == (None, None)
    assert not AvailableModel.objects.exists()

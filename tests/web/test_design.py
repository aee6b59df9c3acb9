"""The page of all components: there in a demonstration, in both themes, and nowhere else."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from tasks.providers.status import Status


def test_a_demonstration_shows_every_component_in_both_themes(
    settings: Any, client: Client, member: User
) -> None:
    settings.IS_DEMO = True
    client.force_login(member)
    page = client.get("/design/").content.decode()
    for theme in ("light", "dark"):
        assert f'data-theme="{theme}"' in page
    assert all(page.count(f'data-status="{status}"') == 2 for status in Status)


def test_a_real_installation_has_no_such_page(client: Client, member: User) -> None:
    client.force_login(member)
    assert client.get("/design/").status_code == 404

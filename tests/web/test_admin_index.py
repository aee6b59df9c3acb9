"""The admin's index: four groups under names that staff know, in the person's own light."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from tasks.models import Profile
from tasks.web.admin_site import GROUPS, MACHINERY
from tests.web.conftest import ClientOf, fresh_counts
from tests.web.test_admin_lists import office

__all__ = ["fresh_counts", "office"]

DAILY = [slug for slug, _name, _labels in GROUPS]


def groups(client: Client) -> dict[str, list[str]]:
    """The labels of the models in each group of the index."""
    page = client.get("/admin/")
    return {
        group["app_label"]: [model["model"]._meta.label for model in group["models"]]
        for group in page.context["app_list"]
    }


def test_the_index_has_four_groups_and_every_model_in_one(office: Client) -> None:
    found = groups(office)
    assert list(found) == [*DAILY, MACHINERY]
    listed = [label for labels in found.values() for label in labels]
    assert sorted(listed) == sorted(model._meta.label for model in admin.site._registry)
    for slug, _name, labels in GROUPS:
        assert found[slug] == list(labels)


def test_what_only_machines_write_of_themselves_is_in_the_last_group(office: Client) -> None:
    machinery = groups(office)[MACHINERY]
    for label in ("tasks.ChangeCounter", "tasks.ProjectChange", "tasks.Lease", "django_q.OrmQ"):
        assert label in machinery


def test_only_the_last_group_is_folded(office: Client) -> None:
    html = office.get("/admin/").content.decode()
    main = html[html.index('id="content-main"') :]
    folded = re.findall(r'class="module group group-(\w+)"[^>]*>\s*<details', main)
    assert folded == [MACHINERY]
    assert not re.search(r"<details[^>]*group-fold[^>]*open", main)


@pytest.mark.exhaustive
def test_every_model_is_explained(office: Client) -> None:
    for model, page in admin.site._registry.items():
        about = str(getattr(page, "about", ""))
        assert about.endswith("."), model._meta.label
        assert about in office.get(_list_of(model)).content.decode().replace("&#x27;", "'")


def _list_of(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def test_staff_see_the_groups_that_they_were_given(client_of: ClientOf, clerk: User) -> None:
    may_look = Permission.objects.get(codename="view_task", content_type__app_label="tasks")
    clerk.user_permissions.add(may_look)
    assert groups(client_of(clerk)) == {"work": ["tasks.Task"]}


def test_the_way_to_a_page_names_its_group(office: Client) -> None:
    html = office.get("/admin/tasks/lease/").content.decode()
    assert 'href="/admin/#machinery"' in html
    assert office.get("/admin/tasks/").headers["Location"] == "/admin/"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_admin_has_the_light_that_the_person_chose(
    office: Client, staff: User, theme: str
) -> None:
    Profile.objects.remember(staff, theme=theme)
    assert f'data-theme="{theme}"' in office.get("/admin/").content.decode().split("<head>")[0]


def test_without_a_choice_the_admin_follows_the_system(office: Client) -> None:
    html = office.get("/admin/tasks/task/").content.decode()
    head = html.split("<head>")[0]
    assert 'data-choice="auto"' in head and "data-theme" not in head
    assert "theme.js" in html and "admin/js/theme.js" not in html


def test_theme_and_language_are_switched_in_the_head(office: Client, staff: User) -> None:
    html = office.get("/admin/").content.decode()
    assert f'action="{reverse("set_theme")}"' in html
    assert f'action="{reverse("set_language")}"' in html
    back = {"theme": "dark", "next": "/admin/tasks/task/?status=failed"}
    answer = office.post(reverse("set_theme"), back)
    assert answer.headers["Location"] == back["next"]
    assert Profile.objects.get(user=staff).theme == "dark"


@pytest.mark.usefixtures("fresh_counts")
def test_a_search_in_the_admin_counts_as_one(office: Client, settings: Any) -> None:
    settings.LIMITS = settings.LIMITS | {"search": (2, 60)}
    assert office.get("/admin/tasks/task/?q=boat").status_code == 200
    assert office.get("/admin/auth/user/?q=boat").status_code == 200
    answer = office.get("/admin/tasks/copy/?q=boat")
    assert answer.status_code == 429 and int(answer["Retry-After"]) >= 1
    assert office.get("/admin/tasks/copy/").status_code == 200, "only searches are counted"

"""Personal settings: each one holds on every device, and none of them costs a query."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tasks.models import Profile
from tasks.team.preferences import zones
from tasks.web.forms.preferences import PreferencesForm
from tests.conftest import MakeTask
from tests.web.conftest import ClientOf
from tests.web.preferences.doing import last_visit

DEFAULTS = {
    "language": "en",
    "time_zone": "",
    "theme": "auto",
    "density": "comfortable",
    "shortcuts": "on",
}


def save(client: Client, **changes: str) -> Any:
    return client.post("/settings/", DEFAULTS | changes, follow=True)


def root(answer: Any) -> str:
    found = re.search(r"<html[^>]*>", answer.content.decode())
    assert found
    return found[0]


# The page


def test_the_page_shows_the_current_settings(desk: Client, member: User) -> None:
    Profile.objects.remember(
        member, language="zh-hans", time_zone="Asia/Shanghai", theme="dark", shortcuts=False
    )
    form = desk.get("/settings/").context["form"]
    values = {name: form[name].value() for name in form.fields}
    assert values == {
        "language": "zh-hans",
        "time_zone": "Asia/Shanghai",
        "theme": "dark",
        "density": "comfortable",
        "shortcuts": False,
        "notifies": False,
        "sounds": False,
    }


def test_without_a_profile_the_page_shows_the_browsers_cookies(desk: Client) -> None:
    form = desk.get("/settings/").context["form"]
    assert (form["language"].value(), form["theme"].value()) == ("auto", "auto")
    desk.cookies.load({"theme": "dark", "django_language": "zh-hans"})
    form = desk.get("/settings/").context["form"]
    assert (form["language"].value(), form["theme"].value()) == ("zh-hans", "dark")


def test_saving_says_so_in_the_language_just_chosen(desk: Client) -> None:
    answer = save(desk)
    assert answer.redirect_chain == [("/settings/", 302)]
    assert "Saved" in answer.content.decode()
    chinese = save(desk, language="zh-hans")
    assert 'lang="zh-hans"' in root(chinese)


def test_all_fields_are_saved(desk: Client, member: User) -> None:
    save(
        desk,
        language="zh-hans",
        time_zone="America/Sao_Paulo",
        theme="dark",
        density="compact",
        shortcuts="",
        notifies="on",
        sounds="on",
    )
    kept = Profile.objects.get(user=member)
    assert {name: getattr(kept, name) for name in PreferencesForm.base_fields} == {
        "language": "zh-hans",
        "time_zone": "America/Sao_Paulo",
        "theme": "dark",
        "density": "compact",
        "shortcuts": False,
        "notifies": True,
        "sounds": True,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("language", "fr"),
        ("language", ""),
        ("time_zone", "Mars/Olympus_Mons"),
        ("time_zone", "../../etc/passwd"),
        ("theme", "pink"),
        ("density", ""),
    ],
)
def test_values_that_are_not_offered_are_refused_and_nothing_is_saved(
    desk: Client, member: User, name: str, value: str
) -> None:
    before = Profile.objects.values().get(user=member)
    answer = save(desk, notifies="on", **{name: value})
    assert answer.status_code == 200
    assert name in answer.context["form"].errors
    assert Profile.objects.values().get(user=member) == before


def test_nobody_saves_for_somebody_else(desk: Client, member: User, viewer: User) -> None:
    save(desk, user=str(viewer.pk), user_id=str(viewer.pk), seen_at="2020-01-01", theme="dark")
    assert Profile.objects.get(user=member).theme == "dark"
    assert not Profile.objects.filter(user=viewer).exists()
    assert last_visit(member) > timezone.now() - timedelta(minutes=1)


def test_the_page_shows_who_one_is_and_leads_to_the_password(desk: Client, member: User) -> None:
    User.objects.filter(pk=member.pk).update(first_name="First", email="first@example.com")
    text = desk.get("/settings/").content.decode()
    assert "first@example.com" in text
    assert 'href="/password/"' in text


def test_the_menu_leads_to_the_settings(desk: Client) -> None:
    assert 'href="/settings/"' in desk.get("/").content.decode()


# On every device, at the next request


def test_the_profiles_language_overrides_cookie_and_browser(desk: Client, phone: Client) -> None:
    phone.cookies.load({"django_language": "en"})
    save(desk, language="zh-hans")
    answer = phone.get("/", headers={"accept-language": "en"})
    assert 'lang="zh-hans"' in root(answer)
    assert answer.headers["Content-Language"] == "zh-hans"
    missing = phone.get("/no-such-page", headers={"accept-language": "en"})
    assert 'lang="zh-hans"' in root(missing)


def test_the_choice_of_the_browsers_language_overrides_a_cookie(desk: Client) -> None:
    save(desk, language="auto")
    desk.cookies.load({"django_language": "en"})
    assert 'lang="zh-hans"' in root(desk.get("/", headers={"accept-language": "zh-CN"}))
    assert 'lang="en"' in root(desk.get("/", headers={"accept-language": "en-GB"}))


def test_theme_and_density_are_attributes_of_the_page(desk: Client, phone: Client) -> None:
    assert 'data-density="comfortable"' in root(phone.get("/"))
    save(desk, theme="dark", density="compact")
    phone.cookies.load({"theme": "light"})
    html = root(phone.get("/"))
    assert 'data-theme="dark"' in html
    assert 'data-density="compact"' in html


def test_the_theme_auto_overrides_a_cookie_too(desk: Client, phone: Client) -> None:
    phone.cookies.load({"theme": "dark"})
    assert 'data-theme="dark"' in root(phone.get("/"))
    save(desk, theme="auto")
    html = root(phone.get("/"))
    assert 'data-choice="auto"' in html
    assert "data-theme" not in html


def test_shortcuts_are_switched_off_by_an_attribute_and_the_help_says_where_to_switch_them_on(
    desk: Client,
) -> None:
    assert "data-shortcuts" not in root(desk.get("/"))
    page = save(desk, shortcuts="")
    assert 'data-shortcuts="off"' in root(page)
    assert "Turn them on in the settings" in page.content.decode()


def test_only_pages_of_people_who_want_them_load_the_script_of_notifications(
    desk: Client, phone: Client
) -> None:
    assert "notifications.js" not in desk.get("/").content.decode()
    save(desk, notifies="on")
    text = phone.get("/").content.decode()
    assert "notifications.js" in text
    assert "data-sounds" not in text
    assert "data-sounds" in save(desk, notifies="on", sounds="on").content.decode()


# The switches of the menu


def test_the_menus_switches_change_the_profile_of_a_signed_in_person(
    desk: Client, phone: Client
) -> None:
    answer = desk.post("/theme/", {"theme": "dark", "next": "/archive/"})
    assert answer.headers["Location"] == "/archive/"
    assert "theme" not in answer.cookies
    desk.post("/language/", {"language": "zh-hans", "next": "/"})
    html = root(phone.get("/"))
    assert 'data-theme="dark"' in html
    assert 'lang="zh-hans"' in html


def test_the_menus_switches_set_cookies_for_others(client: Client, staff: User) -> None:
    client.post("/theme/", {"theme": "dark"})
    client.post("/language/", {"language": "zh-hans"})
    html = root(client.get("/sign-in/"))
    assert 'data-theme="dark"' in html
    assert 'lang="zh-hans"' in html
    assert not Profile.objects.exists()


def test_a_switch_refuses_unknown_values_and_other_sites(desk: Client, member: User) -> None:
    assert desk.post("/theme/", {"theme": "pink"}).status_code == 400
    desk.post("/language/", {"language": "fr"})
    assert Profile.objects.get(user=member).language == ""
    answer = desk.post("/theme/", {"theme": "dark", "next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/"


# Time


def test_times_are_shown_in_the_persons_zone(desk: Client, make_task: MakeTask) -> None:
    task = make_task()
    save(desk, time_zone="Asia/Tokyo")
    page = desk.get(f"/tasks/{task.pk}/")
    local = task.created_at.astimezone(ZoneInfo("Asia/Tokyo"))
    assert f"{local:%Y-%m-%d %H:%M:%S} JST" in page.content.decode()
    assert 'data-zone="Asia/Tokyo"' in root(page)


def test_one_persons_zone_does_not_leak_to_the_next(
    desk: Client, client_of: ClientOf, viewer: User, make_task: MakeTask
) -> None:
    task = make_task()
    save(desk, time_zone="Asia/Tokyo")
    desk.get("/")
    text = client_of(viewer).get(f"/tasks/{task.pk}/").content.decode()
    assert f"{task.created_at:%H:%M:%S} UTC" in text
    assert "JST" not in text


def test_an_unknown_zone_is_replaced_by_the_sites(desk: Client, member: User) -> None:
    Profile.objects.remember(member, time_zone="Mars/Olympus_Mons")
    assert desk.get("/").status_code == 200


def test_every_zone_that_browsers_name_can_be_chosen() -> None:
    assert {"UTC", "Asia/Shanghai", "Asia/Calcutta", "America/Argentina/Buenos_Aires"} <= zones()
    assert all(ZoneInfo(name) for name in zones())

"""Passwords, links and sign-in for tests of signing in."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tasks.team import signin

PASSWORD = "a password of the tests"
ACCOUNT = {"username": "first", "password1": "tall-orange-7", "password2": "tall-orange-7"}


def sign_in(client: Client, name: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post(reverse("sign_in"), {"login": name, "password": password, **more})


def path_of(url: str) -> str:
    return url.removeprefix("http://here")


def first_link() -> str:
    return path_of(signin.sign_in_url("http://here/"))


def link_for(user: User, *, without_second_factor: bool = False) -> str:
    url = signin.sign_in_url("http://here", user, without_second_factor=without_second_factor)
    return path_of(url)

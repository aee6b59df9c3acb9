"""Addresses and answers that the tests of the people's page share."""

import re

from django.contrib.auth.models import User
from django.test import Client

from tasks.models import Membership

LINK = re.compile(r'<code id="invitation-link"[^>]*>(\S+)</code>')


def membership(person: User) -> Membership:
    return Membership.objects.get(user=person)


def role_url(person: User) -> str:
    return f"/people/{membership(person).pk}/role/"


def text_of(client: Client, url: str = "/people/") -> str:
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def link_of(client: Client, url: str = "/people/invite/", **fields: object) -> str:
    response = client.post(url, {"role": "viewer", "email": "", **fields})
    found = LINK.search(response.content.decode())
    assert found, response.content.decode()
    return found.group(1)

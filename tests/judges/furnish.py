"""Give an installation people, projects, credentials and tokens: python -m tests.judges.furnish

furnish.py JUDGE=SLUG=BASE_URL …
→ {"JUDGE": {"sim-judge": "token", …}, …}

Every judge has a token for each key of the simulator's that its steps name. Each token is for a
project of its own, whose only credential has that key.
"""

from __future__ import annotations

import json
import sys
import uuid

import django

#: Keys whose tokens lead to a credential with the same key.
KEYS = ("sim-judge", "sim-notopen-judge", "sim-fault-503-on-get-50pct")
#: Its token is of somebody who has had all takes of the hour.
LIMITED = "sim-fault-429-on-create"
CHECK_SECONDS = 0.5


def main(judges: list[str]) -> None:
    """Print the tokens of judges, which are given as JUDGE=SLUG=BASE_URL."""
    django.setup()
    print(json.dumps({each.partition("=")[0]: _tokens(*each.split("=", 2)) for each in judges}))


def _tokens(name: str, slug: str, base_url: str) -> dict[str, str]:
    from django.contrib.auth.models import User

    person = User.objects.create_user(name)
    return {key: _token(person, key, slug, base_url) for key in (*KEYS, LIMITED)}


def _token(person: object, key: str, slug: str, base_url: str) -> str:
    from django.contrib.auth.models import User
    from django.http import HttpRequest
    from django.utils import timezone

    from tasks.models import Credential, Membership, Project, Role, TakeLimits, TokenScope
    from tasks.team.tokens import make_token

    assert isinstance(person, User)
    name = f"{person} {key}"
    project = Project.objects.create(name=name)
    Membership.objects.create(project=project, user=person, role=Role.MEMBER)
    credential = Credential(
        name=name,
        provider=slug,
        base_url=base_url,
        open_to_all=False,
        check_seconds=CHECK_SECONDS,
    )
    credential.replace_key(key)
    credential.save()
    credential.projects.add(project)
    if key == LIMITED:
        TakeLimits.objects.create(project=project, takes_per_hour=1)
        _place(project, credential, person)
    scope, now = TokenScope.MAKE, timezone.now()
    _row, text = make_token(HttpRequest(), person, name=key, scope=scope, now=now, project=project)
    return text


def _place(project: object, credential: object, person: object) -> None:
    from django.utils import timezone

    from tasks.models import Credential, ModelName, Project
    from tasks.providers.catalog.request import GenerationRequest
    from tasks.submission.place import place_batch

    assert isinstance(project, Project) and isinstance(credential, Credential)
    [model, *_others] = ModelName.objects.offered_at(credential)
    place_batch(
        [GenerationRequest(model=model, prompt="The only take of this hour")],
        key=uuid.uuid4(),
        project=project,
        credential=credential,
        created_by=person,
        now=timezone.now(),
    )


if __name__ == "__main__":
    main(sys.argv[1:])

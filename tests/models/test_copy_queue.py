"""The questions asked of copies all the time are answered by their small indexes."""

import pytest
from django.db import connection
from django.utils import timezone

from tasks.models import Copy
from tests.conftest import MakeTask


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plans")
def test_the_queue_and_what_is_gone_have_indexes_of_their_own(make_task: MakeTask) -> None:
    now = timezone.now()
    Copy.objects.create(task=make_task(), kind="video", created_at=now)
    plans = {
        "copy_queue": [Copy.objects.unsaved(), Copy.objects.due(now), Copy.objects.at_risk(now)],
        "copy_gone": [Copy.objects.gone()],
        "copy_previews": [Copy.objects.without_previews(), Copy.objects.saved_videos().order_by()],
    }
    for index, questions in plans.items():
        for question in questions:
            plan = question.values("pk")[:50].explain()
            assert index in plan, plan
            assert "TEMP B-TREE" not in plan, plan

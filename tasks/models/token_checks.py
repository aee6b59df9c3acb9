"""Comparison of the tokens billed with the documented formula's, for what the saved files say.

It is made in the transactions that settle a charge and that record a saved file, whichever comes
second; a kill leaves none half compared. `catalog/token_formula.py` decides, pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from django.db import transaction
from django.db.models import QuerySet

from tasks.models import bulk
from tasks.models.changes import ChangeCounter
from tasks.models.charge import Charge, Outcome, TokenCheck
from tasks.models.copy import Copy, CopyKind
from tasks.models.model_name import ModelName
from tasks.models.price import PriceUnit
from tasks.models.submission import Submission
from tasks.models.task import Task
from tasks.providers.catalog.models import Model, find_model, frame_size, is_catalogued
from tasks.providers.catalog.request import MediaRole, Mode
from tasks.providers.catalog.token_formula import (
    Doubt,
    Expected,
    Making,
    VideoFacts,
    expected_of,
)

AT_ONCE = 500
#: Nothing is billed for what did not succeed.
NOTHING = Expected(least=0, most=0, lowest=0, highest=0)
#: Words of an answer that tell that its video was enhanced after it was made.
_ENHANCED = ("original_result_url", "original_video_url", '"super_resolution"')
_FILE = ("task_id", "width", "height", "frames", "rate", "duration", "audio_codec")
_TASK = (
    *("model", "provider", "draft", "draft_task_id", "generate_audio", "resolution", "ratio"),
    "raw",
)


def compare(charges: Sequence[Charge]) -> None:
    """Compare these, which are not saved. One query where no file is saved, else three."""
    ids = {c.task_id for c in charges if c.task_id and c.outcome == Outcome.SUCCEEDED}
    files = _files(ids)
    makings = _makings(files)
    for charge in charges:
        if not charge.is_settled:
            charge.compare_tokens(None)
        elif charge.outcome != Outcome.SUCCEEDED:
            charge.compare_tokens(NOTHING)
        elif charge.task_id not in files or charge.task_id not in makings:
            charge.compare_tokens(_as_before(charge))
        else:
            model, making = makings[charge.task_id]
            video = files[charge.task_id]
            charge.compare_tokens(expected_of(model, video, making) if model else Doubt.MODEL)


def check_saved(copies: Collection[int]) -> None:
    """Compare the charges of the tasks of these saved copies; the caller's transaction."""
    tasks = Copy.objects.filter(pk__in=copies, kind=CopyKind.VIDEO).values("task")
    _compare_and_write(list(Charge.objects.filter(task__in=tasks).select_related("price")))


def uncompared() -> QuerySet[Charge]:
    """Charges of successes that were never compared: those of earlier releases."""
    return Charge.objects.filter(outcome=Outcome.SUCCEEDED, token_check=None)


def check(charges: QuerySet[Charge]) -> int:
    """Compare these charges anew, some at a time; return how many have changed."""
    changed, last = 0, 0
    rows = charges.select_related("price").order_by("pk")
    while True:
        with transaction.atomic():
            ChangeCounter.objects.next()  # every writer of charges holds its lock
            portion = list(rows.filter(pk__gt=last)[:AT_ONCE])
            if not portion:
                return changed
            changed += _compare_and_write(portion)
            last = portion[-1].pk


def check_by_units(charges: QuerySet[Charge]) -> None:
    """Compare the tokens of those that are billed in tokens now, and of no others.

    Only those that were not billed in tokens before are looked at one by one.
    """
    others = [unit for unit in PriceUnit if unit != PriceUnit.TOKENS]
    charges.filter(price__unit__in=others, token_check__isnull=False).update(
        formula_least=None,
        formula_tokens=None,
        token_check=TokenCheck.UNKNOWN,
        token_doubt=Doubt.NOT_TOKENS,
        token_difference=None,
    )
    check(charges.filter(token_doubt=Doubt.NOT_TOKENS).exclude(price__unit__in=others))


def _compare_and_write(charges: Sequence[Charge]) -> int:
    before = [_compared(charge) for charge in charges]
    compare(charges)
    moved = [c for c, was in zip(charges, before, strict=True) if _compared(c) != was]
    bulk.write(moved, Charge.COMPARED_FIELDS)
    return len(moved)


def _compared(charge: Charge) -> list[object]:
    return [getattr(charge, name) for name in Charge.COMPARED_FIELDS]


def _as_before(charge: Charge) -> Expected | Doubt:
    """The formula's result while the file was known: a deleted task's charge stays compared."""
    least, most, doubt = charge.formula_least, charge.formula_tokens, charge.token_doubt
    if doubt and doubt not in (Doubt.NOT_TOKENS, Doubt.UNCOUNTED):
        return Doubt(doubt)
    if doubt or least is None or most is None:
        return Doubt.NO_FILE
    return Expected(least=least, most=most, lowest=least, highest=most)


def _files(tasks: Collection[int | None]) -> dict[int, VideoFacts]:
    """Facts of the files that were saved once, also of those deleted since, by task."""
    if not tasks:
        return {}
    saved = Copy.objects.filter(task__in=tasks, kind=CopyKind.VIDEO, saved_at__isnull=False)
    return {
        pk: VideoFacts(
            width=width,
            height=height,
            frames=frames,
            rate=rate,
            seconds=seconds,
            has_audio=bool(audio),
        )
        for pk, width, height, frames, rate, seconds, audio in saved.values_list(*_FILE)
    }


def _makings(tasks: Iterable[int]) -> dict[int, tuple[Model | None, Making]]:
    """Models and facts of the making, by task. Two queries."""
    rows = {task.pk: task for task in Task.objects.filter(pk__in=list(tasks)).only(*_TASK)}
    requests = Submission.objects.filter(task__in=rows) if rows else ()
    placed = {submission.task_id: submission for submission in requests}
    return {pk: _making(task, placed.get(pk)) for pk, task in rows.items()}


def _making(task: Task, submission: Submission | None) -> tuple[Model | None, Making]:
    request = submission.generation if submission else None
    model = request.catalogued if request else None
    model = model or _model_of(task)
    return model, Making(
        draft=bool(request.draft) if request and task.draft is None else task.draft,
        audio=task.generate_audio,
        inputs=tuple(_inputs(submission)) if submission and _knows_inputs(submission) else None,
        size=frame_size(model, task.resolution, task.ratio) if model else None,
        is_enhanced=any(word in task.raw for word in _ENHANCED),
    )


def _model_of(task: Task) -> Model | None:
    """The model behind the name of the answer, if its formula is documented."""
    if is_catalogued(task.model):
        return find_model(task.model)
    return ModelName.objects.at(task.provider).get(task.model) if task.model else None


def _knows_inputs(submission: Submission) -> bool:
    """Whether all inputs are known here: a final's are its draft's, which may be elsewhere."""
    request = submission.generation
    return request.mode != Mode.FINAL or request.inherited is not None


def _inputs(submission: Submission) -> Iterator[float | None]:
    request = submission.generation
    yield from request.seconds_of(MediaRole.REFERENCE_VIDEO)
    inherited = request.inherited.videos if request.inherited else 0
    yield from [None] * inherited

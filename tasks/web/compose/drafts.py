"""The settings that a final video takes over from its draft."""

from __future__ import annotations

from tasks.models import Credential, Project, Task
from tasks.providers.catalog.request import GenerationRequest, Inherited, MediaRole


def inherited_settings(project: Project, credential: Credential, draft_id: str) -> Inherited | None:
    """The settings of the draft with this id; None where it is no task of the project.

    What the provider has answered counts before what was requested.
    """
    if not draft_id:
        return None
    drafts = Task.objects.filter(
        project=project, base_url=credential.base_url, remote_id=draft_id
    ).select_related("submission")
    draft = drafts.first()
    if draft is None:
        return None
    submission = getattr(draft, "submission", None)
    asked = submission.generation if submission else GenerationRequest(model=draft.model)
    has_audio = draft.generate_audio
    return Inherited(
        ratio=draft.ratio or asked.ratio or "",
        duration=draft.duration or asked.duration,
        generate_audio=asked.generate_audio if has_audio is None else has_audio,
        videos=asked.count(MediaRole.REFERENCE_VIDEO),
    )

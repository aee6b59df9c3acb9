"""Every rule about who may see, use, spend, change, cancel and delete what.

Roles belong to one project. Staff may do everything in all of them; people who are not active, or
not signed in, may do nothing.

| in a project                                      | viewer | member    | manager | staff |
| ------------------------------------------------- | ------ | --------- | ------- | ----- |
| see: clips, prompts, settings, how a task ended   | yes    | yes       | yes     | yes   |
| see details: money, credentials, answers, alarms  | (yes)  | yes       | yes     | yes   |
| use, spend: create, track, upload, ask, save now  |        | yes       | yes     | yes   |
| cancel, delete, restore; change saved prompts     |        | their own | yes     | yes   |
| manage: people, credentials, money, audit; purge  |        |           | yes     | yes   |
| set budgets of people over all, of credentials    |        |           |         | yes   |
| make and rename projects; the Django admin        |        |           |         | yes   |

People ask by API with tokens, which narrow all of this: see `tokens.py`.

(yes): where a manager of the project allows it, `Project.viewers_see_details`.

The querysets of the models inherit these rules, so that a view asks
`Task.objects.cancellable_by(request.user)` and finds the answer in this folder. Functions answer
for one person or one row. A test fails where code outside this folder compares a role, looks up a
membership or reads `is_staff`.

The models are built on this folder, so it imports none of them: it looks up the models that it
needs by name (`rows_of`) when a rule is evaluated, as a foreign key given by name does.
"""

from tasks.models.access.accounts import (
    BudgetAccess,
    CredentialAccess,
    PriceAccess,
    sees_budgets_of_credentials,
)
from tasks.models.access.people import (
    MembershipAccess,
    higher_role,
    inviter_still_manages,
    invites_only_by,
    may_take_role,
    only_looks,
    people_managed_by,
    people_visible_to,
    workers_in,
)
from tasks.models.access.projects import (
    ProjectAccess,
    ProjectRowAccess,
    in_detailed_project,
    in_managed_project,
    in_usable_project,
    in_visible_project,
    own_or_managed,
    sight_of,
)
from tasks.models.access.rights import (
    Rights,
    manages_every_project,
    manages_something,
    require_details,
    require_manager,
    require_staff,
    require_worker,
    works_somewhere,
)
from tasks.models.access.roles import (
    WORKING,
    Role,
    TokenScope,
    administers,
    scope_allows,
    token_of,
)
from tasks.models.access.tokens import (
    ServiceAccess,
    TokenAccess,
    is_service,
    token_scopes,
    without_services,
)
from tasks.models.access.work import (
    AuditAccess,
    CopyAccess,
    SavedPromptAccess,
    TaskAccess,
    UploadAccess,
    alarming_copies,
    visible_copies,
)

__all__ = [
    "WORKING",
    "AuditAccess",
    "BudgetAccess",
    "CopyAccess",
    "CredentialAccess",
    "MembershipAccess",
    "PriceAccess",
    "ProjectAccess",
    "ProjectRowAccess",
    "Rights",
    "Role",
    "SavedPromptAccess",
    "ServiceAccess",
    "TaskAccess",
    "TokenAccess",
    "TokenScope",
    "UploadAccess",
    "administers",
    "alarming_copies",
    "higher_role",
    "in_detailed_project",
    "in_managed_project",
    "in_usable_project",
    "in_visible_project",
    "inviter_still_manages",
    "invites_only_by",
    "is_service",
    "manages_every_project",
    "manages_something",
    "may_take_role",
    "only_looks",
    "own_or_managed",
    "people_managed_by",
    "people_visible_to",
    "require_details",
    "require_manager",
    "require_staff",
    "require_worker",
    "scope_allows",
    "sees_budgets_of_credentials",
    "sight_of",
    "token_of",
    "token_scopes",
    "visible_copies",
    "without_services",
    "workers_in",
    "works_somewhere",
]

"""The models with their querysets and transitions; one file per noun."""

from tasks.models.access import Role, TokenScope
from tasks.models.api_create import ApiCallback, ApiCreate, ApiDeletion
from tasks.models.api_token import ApiToken, Service
from tasks.models.audit import AuditAction, AuditEntry
from tasks.models.available_model import AvailableModel
from tasks.models.bill import Bill, BillColumns, BillIssue, BillRow, BillState, Verdict
from tasks.models.budget import Budget, Scope
from tasks.models.callback import Callback
from tasks.models.cancellation import Cancellation, CancelOutcome
from tasks.models.changes import ChangeCounter, ProjectChange
from tasks.models.charge import Charge, ChargeState, Outcome, TokenCheck
from tasks.models.copy import Copy, CopyKind, CopyState, CopyTrouble
from tasks.models.cost_sum import BatchSum, CostSum
from tasks.models.create_lookup import Candidate, CreateLookup
from tasks.models.credential import Credential
from tasks.models.export import Export, ExportState, ExportTable
from tasks.models.health import HealthMinute
from tasks.models.invitation import Invitation
from tasks.models.leases import Lease
from tasks.models.lineage import Origin, Relation
from tasks.models.model_name import ModelName
from tasks.models.period import Period
from tasks.models.price import Currency, Price, PriceUnit, Tier
from tasks.models.profile import Density, Profile, Theme
from tasks.models.projects import Membership, Project, SignInLink
from tasks.models.prompt import SavedPrompt
from tasks.models.recalculation import Recalculation
from tasks.models.reconciliation import (
    Difference,
    ListOutcome,
    Reconciliation,
    Stage,
    UntrackedTask,
)
from tasks.models.scrub import Damage
from tasks.models.spending import Spending
from tasks.models.star import Star
from tasks.models.status_change import StatusChange
from tasks.models.storage import StorageUse
from tasks.models.submission import Batch, Submission, SubmissionState
from tasks.models.take_limits import TakeLimits
from tasks.models.task import Task
from tasks.models.upload import Upload

__all__ = [
    "ApiCallback",
    "ApiCreate",
    "ApiDeletion",
    "ApiToken",
    "AuditAction",
    "AuditEntry",
    "AvailableModel",
    "Batch",
    "BatchSum",
    "Bill",
    "BillColumns",
    "BillIssue",
    "BillRow",
    "BillState",
    "Budget",
    "Callback",
    "CancelOutcome",
    "Cancellation",
    "Candidate",
    "ChangeCounter",
    "Charge",
    "ChargeState",
    "Copy",
    "CopyKind",
    "CopyState",
    "CopyTrouble",
    "CostSum",
    "CreateLookup",
    "Credential",
    "Currency",
    "Damage",
    "Density",
    "Difference",
    "Export",
    "ExportState",
    "ExportTable",
    "HealthMinute",
    "Invitation",
    "Lease",
    "ListOutcome",
    "Membership",
    "ModelName",
    "Origin",
    "Outcome",
    "Period",
    "Price",
    "PriceUnit",
    "Profile",
    "Project",
    "ProjectChange",
    "Recalculation",
    "Reconciliation",
    "Relation",
    "Role",
    "SavedPrompt",
    "Scope",
    "Service",
    "SignInLink",
    "Spending",
    "Stage",
    "Star",
    "StatusChange",
    "StorageUse",
    "Submission",
    "SubmissionState",
    "TakeLimits",
    "Task",
    "Theme",
    "Tier",
    "TokenCheck",
    "TokenScope",
    "UntrackedTask",
    "Upload",
    "Verdict",
]

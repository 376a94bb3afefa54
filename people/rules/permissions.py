"""The one table of who may do what."""

from collections.abc import Mapping
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    FRONT_DESK = "front_desk", _("Front desk")
    CLINICIAN = "clinician", _("Clinician")
    PATIENT = "patient", _("Patient")


STAFF_ROLES = frozenset({Role.OWNER, Role.MANAGER, Role.FRONT_DESK, Role.CLINICIAN})


class Permission(StrEnum):
    """What somebody may do. The value is what `user.has_perm` and `{{ perms }}` understand."""

    STAFF_MANAGE = "people.manage_staff"
    AUDIT_VIEW = "people.view_audit"
    CLINIC_SETUP = "people.set_up_clinic"
    CONTACT_VIEW = "patients.view_contact"
    CONTACT_EDIT = "patients.edit_contact"
    RECORD_VIEW = "patients.view_record"
    RECORD_EDIT = "patients.edit_record"
    LIBRARY_VIEW = "programs.view_library"
    RULE_CHANGE = "programs.change_rule"
    PLAN_EDIT = "programs.edit_plan"
    APPOINTMENT_VIEW = "appointments.view_appointment"
    APPOINTMENT_BOOK = "appointments.book_appointment"
    APPOINTMENT_OVERBOOK = "appointments.overbook_appointment"
    PACKAGE_SELL = "appointments.sell_package"
    MESSAGE_VIEW = "reminders.view_message"
    OWN_RECORD = "portal.own_record"


_DESK = frozenset(
    {
        Permission.CONTACT_VIEW,
        Permission.CONTACT_EDIT,
        Permission.APPOINTMENT_VIEW,
        Permission.APPOINTMENT_BOOK,
        Permission.PACKAGE_SELL,
        Permission.MESSAGE_VIEW,
    }
)
_CLINICAL = frozenset(
    {
        Permission.RECORD_VIEW,
        Permission.RECORD_EDIT,
        Permission.PLAN_EDIT,
        Permission.LIBRARY_VIEW,
        Permission.APPOINTMENT_OVERBOOK,
    }
)
_OFFICE = frozenset(
    {
        Permission.STAFF_MANAGE,
        Permission.CLINIC_SETUP,
        Permission.LIBRARY_VIEW,
        Permission.RULE_CHANGE,
        Permission.APPOINTMENT_OVERBOOK,
    }
)

RIGHTS: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: _DESK | _OFFICE | {Permission.AUDIT_VIEW},
    Role.MANAGER: _DESK | _OFFICE,
    Role.FRONT_DESK: _DESK,
    Role.CLINICIAN: _DESK | _CLINICAL,
    Role.PATIENT: frozenset({Permission.OWN_RECORD}),
}


def rights_of(role: str, *, profession: str = "") -> frozenset[Permission]:
    """What a user of `role` may do. An owner or manager with a clinical profession also treats."""
    if role not in RIGHTS:
        return frozenset()
    known = Role(role)
    treats_too = bool(profession) and known in {Role.OWNER, Role.MANAGER}
    return RIGHTS[known] | (_CLINICAL if treats_too else frozenset())

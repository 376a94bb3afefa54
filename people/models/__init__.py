from people.models.audit import AuditEvent
from people.models.invitation import Invitation
from people.models.organization import Clinic, Site
from people.models.user import User

__all__ = ["AuditEvent", "Clinic", "Invitation", "Site", "User"]

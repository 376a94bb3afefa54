"""Who works here: the list, inviting, changing, letting go."""

from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from people.actions import staff as work
from people.models import Invitation, User
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.forms import InvitationForm, MemberForm
from people.web.guards import FACTORS, SignedInRequest, needs
from people.web.letters import join_link, send_invitation


@needs(Permission.STAFF_MANAGE)
def members(request: SignedInRequest) -> HttpResponse:
    """Everybody on the staff, and who has been asked to join."""
    return _members(request)


@needs(Permission.STAFF_MANAGE)
def invite(request: SignedInRequest) -> HttpResponse:
    form = InvitationForm(request.POST or None)
    if form.is_valid():
        try:
            invitation, token = work.invite(by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _invited(request, invitation, token)
    return render(request, "people/invite.html", {"form": form, "active": "setup"})


@needs(Permission.STAFF_MANAGE)
@require_POST
def invite_again(request: SignedInRequest, invitation_id: UUID) -> HttpResponse:
    try:
        invitation, token = work.invite_again(_unused(invitation_id), by=request.user, now=timezone.now())
    except Refused as refusal:
        return _members(request, refusal=str(refusal))
    return _invited(request, invitation, token)


@needs(Permission.STAFF_MANAGE)
@require_POST
def withdraw(request: SignedInRequest, invitation_id: UUID) -> HttpResponse:
    invitation = _unused(invitation_id)
    try:
        work.withdraw(invitation, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _members(request, refusal=str(refusal))
    messages.success(request, _("The invitation of %(name)s no longer works.") % {"name": invitation.name})
    return redirect("people:staff")


@needs(Permission.STAFF_MANAGE)
def member(request: SignedInRequest, user_id: UUID) -> HttpResponse:
    """Change what somebody works as, or how somebody is called."""
    person = get_object_or_404(User.objects.staff(), pk=user_id)
    form = MemberForm(
        request.POST or None, initial={"name": person.name, "role": person.role, "profession": person.profession}
    )
    if form.is_valid():
        try:
            work.change_role(person, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s was changed.") % {"name": person.name})
            return redirect("people:staff")
    return render(request, "people/member.html", {"form": form, "person": person, "active": "setup"})


@needs(Permission.STAFF_MANAGE)
@require_POST
def deactivate(request: SignedInRequest, user_id: UUID) -> HttpResponse:
    person = get_object_or_404(User.objects.staff(), pk=user_id)
    try:
        work.deactivate(person, by=request.user)
    except Refused as refusal:
        return _members(request, refusal=str(refusal))
    messages.success(request, _("%(name)s can no longer sign in.") % {"name": person.name})
    return redirect("people:staff")


@needs(Permission.STAFF_MANAGE)
@require_POST
def reactivate(request: SignedInRequest, user_id: UUID) -> HttpResponse:
    person = get_object_or_404(User.objects.staff(), pk=user_id)
    try:
        work.reactivate(person, by=request.user)
    except Refused as refusal:
        return _members(request, refusal=str(refusal))
    messages.success(request, _("%(name)s can sign in again.") % {"name": person.name})
    return redirect("people:staff")


def _unused(invitation_id: UUID) -> Invitation:
    return get_object_or_404(Invitation, pk=invitation_id, accepted_at=None, withdrawn_at=None)


def _members(request: SignedInRequest, *, refusal: str = "") -> HttpResponse:
    factor = Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS)
    people = User.objects.staff().annotate(has_second_factor=Exists(factor)).order_by("-is_active", "name")
    waiting = Invitation.objects.filter(accepted_at=None, withdrawn_at=None).select_related("invited_by")
    return render(
        request,
        "people/staff.html",
        {"people": people, "waiting": waiting, "refusal": refusal, "active": "setup", "now": timezone.now()},
        status=409 if refusal else 200,
    )


def _invited(request: SignedInRequest, invitation: Invitation, token: str) -> HttpResponse:
    # The link is shown on this page once, so that an owner without a mail server can hand it over.
    # It is never stored, so this page is drawn here and not after a redirect.
    link = join_link(token)
    was_sent = send_invitation(invitation, link=link, clinic=request.clinic)
    shown = {"invitation": invitation, "link": link, "was_sent": was_sent, "active": "setup"}
    return render(request, "people/invited.html", shown)

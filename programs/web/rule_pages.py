"""Where the clinic differs from the rulebook: the list, and changing and withdrawing on the page of a rule."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from people.rules.knowledge import Claim
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs
from programs.actions import rule_changes
from programs.actions.plans import clinic_day
from programs.actions.rule_changes import Effects
from programs.models import PlannedSession, RuleChange
from programs.rules.rulebook import ProgramRulebook, rulebook
from programs.web.rule_forms import ChangeForm, ReasonForm
from programs.web.rule_words import CHANGEABLE, STATUSES, Line, gap_in_words, lines, owner_of, threshold_in_words

CHANGES_ON_A_PAGE = 50
PATIENTS_SHOWN = 50
Kind = RuleChange.Kind


@needs(Permission.LIBRARY_VIEW)
def changed_rules(request: SignedInRequest) -> HttpResponse:
    """What is in force first, then what was withdrawn, the newest first."""
    standing = lines(rule_changes.in_force())
    past = RuleChange.objects.exclude(withdrawn_at=None).select_related("by", "withdrawn_by")
    page = Paginator(past.order_by("-withdrawn_at"), CHANGES_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {"active": "library", "standing": standing, "page": page, "withdrawn": lines(page)}
    return render(request, "programs/rule_changes.html", context)


@needs(Permission.RULE_CHANGE)
def change(request: SignedInRequest, kind: str, code: str) -> HttpResponse:
    """Typed, looked at (`do=look`: what it would change, and whom), and then done (`do=change`)."""
    _found(kind, code, rulebook())
    standing = rule_changes.in_force()
    now_used = rule_changes.book()
    claim = _found(kind, code, now_used)
    form = ChangeForm(request.POST or None, shelf=kind, claim=claim, book=now_used)
    context: dict[str, Any] = {
        "active": "library", "kind": kind, "code": code, "form": form, "title": _title(claim), "it": claim,
        "seen": _seen(standing, kind, code),
    }  # fmt: skip
    if request.method == "POST" and form.is_valid():
        asked = {name: form.cleaned_data[name] for name in ("kind", "code", "value")}
        try:
            if request.POST.get("do") == "change":
                seen = _number(request.POST.get(f"seen_{asked['kind']}_{asked['code']}"))
                rule_changes.change(
                    **asked, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now(), seen=seen
                )
                messages.success(request, _("The rule is changed from now on. Every screen says that it was."))
                return redirect("programs:entry", kind, code)
            found = rule_changes.effects(**asked, now=timezone.now())
            context |= {"effects": _said(found)} | _affected(request, **asked)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    return render(request, "programs/rule_change.html", context, status=422 if form.errors else 200)


@needs(Permission.RULE_CHANGE)
@require_POST
def withdraw(request: SignedInRequest, kind: str, code: str) -> HttpResponse:
    """Use the rulebook's own rule again. Without a reason the page asks for it."""
    claim = _found(kind, code, rulebook())
    found = [it for it in _changes(kind, claim) if str(it.it.pk) == request.POST.get("change")]
    if not found:
        raise Http404
    form = ReasonForm(request.POST if "reason" in request.POST else None)
    if form.is_valid():
        try:
            rule_changes.withdraw(found[0].it, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The rulebook's own rule counts again from now on."))
            return redirect("programs:entry", kind, code)
    context = {"active": "library", "kind": kind, "code": code, "form": form, "line": found[0], "title": _title(claim)}
    return render(request, "programs/rule_withdraw.html", context, status=422 if form.errors else 200)


def about(kind: str, claim: Claim) -> Mapping[str, Any]:
    """What the page of an entry says of the clinic's own changes. One query, and none where nothing can be changed."""
    if kind not in CHANGEABLE:
        return {}
    found = _changes(kind, claim)
    standing = [it for it in found if it.it.withdrawn_at is None]
    return {
        "can_be_changed": True,
        "standing": standing,
        "history": [it for it in found if it.it.withdrawn_at is not None],
        "rule_owner": owner_of(standing),
    }


def changed_codes() -> frozenset[str]:
    """Of entries that the clinic has changed. One query."""
    return frozenset(it.entry for it in lines(rule_changes.in_force()))


def _changes(kind: str, claim: Claim) -> list[Line]:
    codes = [claim.code, *getattr(claim, "techniques", ())] if kind == "treatments" else [claim.code]
    rows = RuleChange.objects.filter(kind__in=CHANGEABLE[kind], code__in=codes).select_related("by", "withdrawn_by")
    return lines(rows.order_by("-at"))


def _found(kind: str, code: str, book: ProgramRulebook) -> Claim:
    """Raises `Http404` for what cannot be changed."""
    known: Mapping[str, Mapping[str, Claim]] = {
        "treatments": book.modalities, "contraindications": book.contraindications, "timing": book.timing_rules,
    }  # fmt: skip
    if code not in known.get(kind, {}):
        raise Http404
    return known[kind][code]


def _title(claim: Claim) -> str:
    return capfirst(str(getattr(claim, "name", "") or getattr(claim, "reason", claim.code)))


def _seen(standing: list[RuleChange], kind: str, code: str) -> dict[str, int]:
    """What the form sends back, so that two people do not overwrite each other."""
    own = {code, *(rulebook().modalities[code].techniques if kind == "treatments" else ())}
    return {f"seen_{it.kind}_{it.code}": it.pk for it in standing if it.kind in CHANGEABLE[kind] and it.code in own}


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def _said(found: Effects) -> dict[str, Any]:
    turned = [
        {"count": count, "was": STATUSES.get(was, was), "now": STATUSES.get(now, now)}
        for (was, now), count in sorted(found.turned.items(), key=lambda it: -it[1])
    ]
    return {"looked_at": found.looked_at, "turned": turned, "total": sum(found.turned.values())}


def _affected(request: SignedInRequest, *, kind: str, code: str, value: Any) -> dict[str, Any]:
    """Whose plans hold sessions of it that lie ahead. The visits to come are shown by their own page."""
    treatments = rule_changes.concerned(kind, code)
    ahead = PlannedSession.objects.visible_to(request.user).of_active_plans()
    ahead = ahead.filter(modality__in=treatments, due_until__gte=clinic_day(timezone.now()))
    if kind == Kind.TECHNIQUE_OFF:
        ahead = ahead.filter(technique=code)
    patients = (
        ahead.values("plan__patient_id", "plan__patient__given_name", "plan__patient__family_name")
        .annotate(sessions=Count("pk"))
        .order_by("plan__patient__family_name", "plan__patient__given_name")
    )
    words = {
        Kind.GAP: lambda: gap_in_words(code, value),
        Kind.THRESHOLD: lambda: threshold_in_words(code, value),
    }
    return {
        "planned": list(patients[:PATIENTS_SHOWN]),
        "planned_count": patients.count(),
        "treatments": [(it, rulebook().modalities[it].name) for it in treatments if it in rulebook().modalities],
        "set_to": words[Kind(kind)]() if kind in words else "",
    }

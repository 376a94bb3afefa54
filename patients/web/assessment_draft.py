"""Writing an assessment, from the visit or from the record: one draft, one way to keep and to sign it."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.contrib import messages
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.actions.assessments import save as keep_draft
from patients.actions.assessments import sign
from patients.models import Assessment
from patients.rules.rulebook import rulebook
from patients.web.assessment_forms import AssessmentForm, as_typed
from people.rules.refusal import ChangedMeanwhile, Refused
from people.web.guards import SignedInRequest


class Difference(NamedTuple):
    label: str
    theirs: str
    yours: str
    name: str = ""  # of the field, where one of the two can be chosen


@dataclass(slots=True)
class Draft:
    """The form as it is to be shown, or `is_kept` when everything asked for was done."""

    assessment: Assessment
    form: AssessmentForm
    revision: int
    is_kept: bool = False
    differences: list[Difference] = field(default_factory=list)


def write(request: SignedInRequest, assessment: Assessment) -> Draft:
    """Keep, and sign if that was asked for. What was typed stays on the screen whatever refuses it."""
    sent = request.POST if request.method == "POST" else None
    draft = Draft(assessment, AssessmentForm(sent, initial=as_typed(assessment)), assessment.revision)
    if sent is None:
        return draft
    seen = sent.get("revision", "")
    # What the person read, not what the database holds now; unreadable counts as long ago.
    revision = int(seen) if seen.isascii() and seen.isdigit() else 0
    draft.revision = revision
    if draft.form.is_valid():
        _keep(request, draft, revision)
    return draft


def _keep(request: SignedInRequest, draft: Draft, revision: int) -> None:
    now = timezone.now()
    try:
        saved = keep_draft(draft.assessment, revision=revision, by=request.user, now=now, **draft.form.kept())
        draft.assessment, draft.revision = saved, saved.revision
        if "sign" in request.POST:
            draft.assessment = sign(saved, by=request.user, now=now)
    except ChangedMeanwhile as refusal:
        _show_both(draft, refusal)
    except Refused as refusal:
        draft.form.add_error(None, str(refusal))
    else:
        draft.is_kept = True
        messages.success(request, _("Signed.") if draft.assessment.is_signed else _("Saved."))


def _show_both(draft: Draft, refusal: ChangedMeanwhile) -> None:
    draft.form.add_error(None, str(refusal))
    theirs = Assessment.objects.select_related("intake", "patient", "author").get(pk=draft.assessment.pk)
    shown, typed = as_typed(theirs), draft.form.cleaned_data
    draft.differences = [
        Difference(str(it.label), _words(it.name, shown.get(it.name)), _words(it.name, typed.get(it.name)))
        for it in draft.form
        if _words(it.name, shown.get(it.name)) != _words(it.name, typed.get(it.name))
    ]
    # Both versions are on the screen now, so saving again is a choice.
    draft.assessment, draft.revision = theirs, theirs.revision


def _words(name: str, value: Any) -> str:
    if value in (None, "", []):
        return _("empty")
    if name == "causes":
        causes = rulebook().causes
        return ", ".join(causes[code].label if code in causes else code for code in value)
    return str(value)


def last_pain(assessment: Assessment) -> int | None:
    """The pain written down before this visit, to be shown beside the scale and never copied into it."""
    earlier = Assessment.objects.filter(patient=assessment.patient, started_at__lt=assessment.started_at)
    measured = earlier.exclude(signed_at=None).exclude(pain_now=None).order_by("-started_at").first()
    if measured:
        return measured.pain_now
    told: int | None = assessment.intake.answers.get("pain", {}).get("now") if assessment.intake else None
    return told

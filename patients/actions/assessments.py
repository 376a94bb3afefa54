"""What the clinician found: begun, kept as a draft, signed, and added to."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.actions import facts, outcomes, red_flags, signatures
from patients.models import Addendum, Assessment, Intake, Patient
from patients.models.red_flag import RedFlagQuerySet
from patients.rules import quick_tests
from patients.rules.decisions import lacks
from patients.rules.facts import from_form
from patients.rules.follow_up import grouped, questions_again, questions_first
from patients.rules.intake_parts import put
from patients.rules.red_flags import RedFlagRule
from patients.rules.rulebook import rulebook
from patients.rules.screen import as_kept, screen
from patients.rules.triage import TriageResult
from people.actions import audit
from people.models import Clinic, User
from people.rules.permissions import Permission
from people.rules.refusal import ChangedMeanwhile, NotAllowed, Refused

FIELDS: Final = frozenset(
    {
        "causes", "pain_now", "rotation_left_degrees", "rotation_right_degrees",
        "findings", "impression", "next_steps", "examined", "told", "moves", "note",
    }
)  # fmt: skip
ASKED_GROUPS: Final = "groups"  # in `told`: which groups of questions were asked as a whole, by whom and when
ALL: Final = "all"  # among those: every question that was left
DECISION: Final = "decision"  # in `told`: what is decided about a grave sign that stays open
SIGNED_ALREADY: Final = gettext_lazy("This assessment is signed and stays as it is. Write an addendum instead.")


class AlreadySigned(Refused):
    """A signed assessment stays as it was signed; what comes later is an addendum."""


class NothingToSign(Refused):
    """An empty page is not an assessment."""


class FlagStillOpen(Refused):
    """A grave warning sign is open and nobody has chosen what is done about it."""


class NotAskedAgain(Refused):
    """The safety questions are asked at every visit: in the form of a first one, or by the clinician."""


class NothingWritten(Refused):
    """An addendum needs words."""


@transaction.atomic
def start(patient: Patient, *, by: User, now: datetime, kind: str = Assessment.Kind.FIRST) -> Assessment:
    """An empty draft beside the latest form she sent. Nothing is copied into it: what is not measured stays empty."""
    _refuse_unless_clinician(by)
    assessment = Assessment.objects.create(
        patient=patient, intake=latest_form(patient), author=by, started_at=now, kind=kind
    )
    audit.record(by, "assessment.started", assessment)
    return assessment


@transaction.atomic
def save(assessment: Assessment, *, revision: int, by: User, now: datetime, **fields: Any) -> Assessment:
    """Keep the draft, and raise what the examination newly answers with yes.

    Raises `ChangedMeanwhile` if it was saved since `revision` was read, and `AlreadySigned`. Nothing is saved then.
    """
    _refuse_unless_clinician(by)
    unknown = fields.keys() - FIELDS
    if unknown:
        raise TypeError(f"An assessment has no {sorted(unknown)}")
    return keep(claimed(assessment, revision), fields, by=by, now=now)


@transaction.atomic
def ask_again(assessment: Assessment, *, revision: int, by: User, now: datetime, group: str = "") -> Assessment:
    """ "I asked: all no" in one recorded tap: who asked, when, and a no to every question, or to those of one group.

    What was answered yes, and what is open as a warning sign, stays as it is: only a finding closes that.
    Raises as `save` does.
    """
    _refuse_unless_clinician(by)
    found = claimed(assessment, revision)
    day = Clinic.day_of(now)
    left = [it.code for it in unanswered_again(found, on=day, group=group)]
    known = facts.known(found.patient, on=day)
    said = from_form({"red_flags": dict.fromkeys(left, False)}, book=rulebook())
    asked = {
        "by": by.name, "by_id": str(by.pk), "at": now.isoformat(),
        # What the tap answers, and what was known before it: a slip can be taken back.
        "codes": left, "known": {code: known.get(code) for code in said},
    }  # fmt: skip
    if not group:
        found.asked_again_at, found.asked_again_by = now, by
    fields: dict[str, Any] = {
        "examined": found.examined | dict.fromkeys(left, False),
        "told": found.told | {ASKED_GROUPS: found.told.get(ASKED_GROUPS, {}) | {group or ALL: asked}},
    }
    kept = keep(found, fields, by=by, now=now)
    audit.record(by, "assessment.asked_again", kept, questions=len(left), **({"group": group} if group else {}))
    return kept


def questions_of(assessment: Assessment, *, on: date) -> tuple[RedFlagRule, ...]:
    """The safety questions of this visit: at the first one all of the form's, later those of every visit."""
    is_first = assessment.kind == Assessment.Kind.FIRST
    age = assessment.patient.age_on(on)
    return (questions_first if is_first else questions_again)(age, book=rulebook())


def unanswered_again(assessment: Assessment, *, on: date, group: str = "") -> list[RedFlagRule]:
    """The safety questions that were not answered at this visit and are not known to be a yes.

    An open warning sign is a yes, and so is a known fact: nobody taps away a blood thinner with "all no". With an
    injury the factors of the C-spine rule are left out: they are asked one by one.
    """
    yes = set(assessment.patient.red_flags.open().values_list("code", flat=True))
    if assessment.kind == Assessment.Kind.FIRST and assessment.intake:
        yes |= {code for code, said in assessment.intake.answers.get("red_flags", {}).items() if said}
    known = facts.known(assessment.patient, on=on)
    answered = assessment.examined.keys() | yes
    if assessment.examined.get(quick_tests.INJURED) or quick_tests.INJURED in yes:
        answered |= _of_an_injury()
    questions = questions_of(assessment, on=on)
    if group:
        questions = next((it.questions for it in grouped(questions) if it.code == group), ())
    asked = [it for it in put(questions, assessment.examined) if it.code not in answered]
    return [it for it in asked if not any(known.get(fact) is True for fact in it.sets_facts)]


def keep(found: Assessment, fields: Mapping[str, Any], *, by: User, now: datetime) -> Assessment:
    """Write these fields into a draft that is `claimed`, with all that follows. Part of its transaction."""
    before, told = {rule.code for rule in judged(found, now=now).positive}, found.examined
    decided = found.told.get(DECISION)
    for name, value in fields.items():
        setattr(found, name, value)
    if found.examined.get(quick_tests.INJURED) and not told.get(quick_tests.INJURED):
        # A "no" among many others, before anybody knew of the injury, answers no factor of the C-spine rule.
        early = {code for code in _of_an_injury() if told.get(code) is False}
        found.examined = {code: it for code, it in found.examined.items() if code not in early}
    if found.asked_again_at is None and not unanswered_again(found, on=Clinic.day_of(now)):
        found.asked_again_at, found.asked_again_by = now, by  # one by one, and this was the last
    _sign_decision(found, decided, by=by, now=now)
    found.revision += 1
    found.save(update_fields=[*fields, "examined", "told", "intake", "revision", "asked_again_at", "asked_again_by"])
    # A "no" to a sign, and what a "yes" means, count for the rules of every treatment from now on.
    newly_told = {code: it for code, it in found.examined.items() if told.get(code) != it and isinstance(it, bool)}
    known = facts.known(found.patient, on=Clinic.day_of(now))
    said = from_form({"red_flags": newly_told}, book=rulebook())
    # Several questions may stand behind one fact; a no to one of them takes back no yes.
    fresh = {code: value for code, value in said.items() if value or known.get(code) is not True}
    facts.state(found.patient, fresh, by=by, now=now)
    audit.record(by, "assessment.saved", found, revision=found.revision)

    # Only what is new: a sign that was cleared must not open again because somebody mends a comma.
    result = judged(found, now=now)
    newly = {rule.code for rule in result.positive if rule.code not in before}
    touched = {code for it in result.combinations if newly & set(it.flags()) for code in it.flags()}
    red_flags.raise_from(result, patient=found.patient, intake=found.intake, only=newly | touched, by=by, now=now)
    return found


def _sign_decision(found: Assessment, before: Mapping[str, Any] | None, *, by: User, now: datetime) -> None:
    """Put a name, a time and the signs it is about to a decision that is new."""
    decided = found.told.get(DECISION)
    if not decided or decided == before:
        return
    own = {name: decided.get(name, "") for name in ("what", "words")}
    about = sorted(open_grave_flags(found.patient).values_list("code", flat=True))
    found.told = found.told | {DECISION: own | {"of": about, "by": by.name, "by_id": str(by.pk), "at": now.isoformat()}}
    audit.record(by, "assessment.decided", found, what=own["what"])


@transaction.atomic
def sign(
    assessment: Assessment, *, by: User, now: datetime, note: str = "", given: Sequence[Mapping[str, Any]] = ()
) -> Assessment:
    """Close the assessment for good, with the triage as it stood, its scores, and a digest of all of it.

    `note` is how the taps read; a note written by hand stands in its place. `given` are the treatments as the digest
    covers them. A same-day or emergency sign that is open must be cleared first, or what is decided about it must be
    chosen (a referral, a call). Raises `FlagStillOpen`, `NotAskedAgain`, `NothingToSign`, `AlreadySigned`, and
    `ChangedMeanwhile` if what is signed is not what was read.
    """
    _refuse_unless_clinician(by)
    found = _locked(assessment)
    _refuse_if_signed(found)
    if found.revision != assessment.revision:
        raise ChangedMeanwhile(_("Somebody saved this assessment since you read it. Read it again, then sign."))
    _refuse_if_unfinished(found)
    found.note = found.note.strip() or note.strip()
    found.triage = as_kept(judged(found, now=now), rulebook=rulebook())
    found.signed_at, found.signed_by = now, by
    scores = outcomes.take_from_visit(found, on=Clinic.day_of(now), by=by, now=now)
    found.digest = signatures.digest_of(found, scores, given)
    found.save(update_fields=["intake", "note", "triage", "digest", "signed_at", "signed_by"])
    audit.record(by, "assessment.signed", found, revision=found.revision)
    return found


def _refuse_if_unfinished(found: Assessment) -> None:
    is_follow_up = found.kind == Assessment.Kind.FOLLOW_UP
    # A form she sent has asked for her; at a follow-up it may be weeks old.
    if found.asked_again_at is None and (is_follow_up or found.intake is None):
        raise NotAskedAgain(_("Ask the safety questions before you sign."))
    if not (is_follow_up or found.findings.strip() or found.impression.strip()):
        raise NothingToSign(_("Write what you found or your impression before you sign."))
    if is_follow_up and not (
        found.told.keys() - {ASKED_GROUPS} or found.moves or found.note.strip() or found.next_steps.strip()
    ):
        raise NothingToSign(_("Nothing is written down about this visit yet."))
    is_open = dict(open_grave_flags(found.patient).values_list("code", "urgency"))
    if missing := lacks(found.told.get(DECISION, {}), is_open):
        raise FlagStillOpen(_("A warning sign is still open: %(missing)s.") % {"missing": missing})


@transaction.atomic
def add_addendum(assessment: Assessment, *, text: str, by: User, now: datetime) -> Addendum:
    """Write a correction under a signed assessment; the earlier text stays readable."""
    _refuse_unless_clinician(by)
    if not text.strip():
        raise NothingWritten(_("Write the addendum first."))
    if not assessment.is_signed:
        raise Refused(_("This assessment is not signed yet: change it directly."))
    addendum = Addendum.objects.create(assessment=assessment, text=text.strip(), author=by, written_at=now)
    audit.record(by, "assessment.added_to", assessment)
    return addendum


def _of_an_injury() -> set[str]:
    rule = rulebook().c_spine_rule
    return {*rule.high_risk_flags, rule.rotation_flag}


def latest_form(patient: Patient) -> Intake | None:
    """The last form she sent; one that is still being filled in does not count."""
    return patient.intakes.submitted().order_by("-submitted_at").first()


def open_grave_flags(patient: Patient) -> RedFlagQuerySet:
    """Her open warning signs that need a physician today or at once."""
    book = rulebook()
    grave = [code for code, urgency in book.urgencies.items() if urgency.rank >= book.rank("same_day")]
    return patient.red_flags.open().filter(urgency__in=grave)


def judged(assessment: Assessment, *, now: datetime) -> TriageResult:
    """What the rulebook makes of what she said and what was examined."""
    answers = dict(assessment.intake.answers) if assessment.intake else {}
    if assessment.kind == Assessment.Kind.FOLLOW_UP:
        # The pain of a form that may be weeks old says nothing about today.
        answers["pain"] = {"now": assessment.pain_now}
    age = assessment.patient.age_on(Clinic.day_of(now))
    return screen(answers, age_years=age, examined=assessment.examined, rulebook=rulebook())


def claimed(assessment: Assessment, revision: int) -> Assessment:
    """The draft, locked. Raises `AlreadySigned`, and `ChangedMeanwhile` if it was saved since `revision` was read."""
    found = _locked(assessment)
    _refuse_if_signed(found)
    if found.revision != revision:
        raise ChangedMeanwhile(
            _("This page was saved from somewhere else a moment ago. Nothing of yours was saved. See both below.")
        )
    return found


def _locked(assessment: Assessment) -> Assessment:
    rows = Assessment.objects.select_for_update(of=["self"]).select_related("patient")
    found = rows.get(pk=assessment.pk)
    if not found.is_signed:
        # She may send the form after the page was begun, in the waiting room: a draft stands beside the latest.
        found.intake = latest_form(found.patient)
    return found


def _refuse_if_signed(assessment: Assessment) -> None:
    if assessment.is_signed:
        raise AlreadySigned(str(SIGNED_ALREADY))


def _refuse_unless_clinician(user: User) -> None:
    if not user.may(Permission.RECORD_EDIT):
        raise NotAllowed(_("Only a clinician writes in a record."))

"""Everything there is to look at, read for many patients at once: a constant number of queries however many."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from patients.models import Assessment, Intake, Outcome, Patient, RedFlag
from patients.rules.change import WORSE, change
from patients.rules.rulebook import rulebook
from people.models import User
from programs.actions import done_at_home
from programs.models import Checkpoint, DoseChange, Plan, TreatmentGiven, WorklistAction
from programs.rules import adherence, next_dose
from programs.rules.rulebook import rulebook as programs_rulebook
from programs.rules.worklist import Answer, Kind, Reason

CALLED_WITHIN_DAYS: Final = 7  # a check that is due later than that is a visit
FLARES_SHOWN: Final = timedelta(days=14)
LOOKS_BACK: Final = timedelta(days=90)  # a course is shorter; an older first score belongs to another episode
WEEKS_OF_EXERCISE: Final = timedelta(weeks=6)
COMPARED: Final = {"nprs": "worst_24h", "ndi": "raw_equivalent"}
DOSE_WEIGHT: Final = {next_dose.PAIN_ABOVE_5: 2, next_dose.HARDER_TWICE: 1}


def mine(user: User, *, everybodys: bool) -> QuerySet[Patient]:
    """Whom the list is about: those whose plan I began or whom I have assessed, or everybody."""
    patients = Patient.objects.visible_to(user).current()
    if everybodys:
        return patients
    planned = Plan.objects.filter(patient=OuterRef("pk"), started_by=user)
    assessed = Assessment.objects.filter(patient=OuterRef("pk"), author=user)
    return patients.filter(Exists(planned) | Exists(assessed))


def all_of(patients: QuerySet[Patient], user: User, *, now: datetime) -> list[Reason]:
    """Every reason to look at one of these patients."""
    today = timezone.localdate(now)
    plans = list(Plan.objects.visible_to(user).active().filter(patient__in=patients))
    return [
        *_flags(patients, user),
        *_flares(patients, user, now),
        *_worse(patients, user, today),
        *_calls(patients, user, today),
        *_doses(plans),
        *_due(plans, today),
        *_not_doing(plans, today),
    ]


def answers(patients: list[UUID]) -> dict[tuple[UUID, str], list[Answer]]:
    """What was done about them so far, by patient and kind. One query."""
    found: dict[tuple[UUID, str], list[Answer]] = defaultdict(list)
    for it in WorklistAction.objects.filter(patient__in=patients):
        found[it.patient_id, it.kind].append(Answer(it.occasion, it.look_again_on, it.at.timestamp()))
    return found


def _flags(patients: QuerySet[Patient], user: User) -> Iterator[Reason]:
    book = rulebook()
    for it in RedFlag.objects.visible_to(user).open().filter(patient__in=patients):
        rule, urgency = book.red_flags.get(it.code), book.urgencies.get(it.urgency)
        yield Reason(
            patient=it.patient_id,
            kind=Kind.RED_FLAG,
            occasion=str(it.pk),
            words=f"{rule.clinician_wording if rule else it.code} ({urgency.label if urgency else it.urgency})",
            since=timezone.localdate(it.raised_at),
            # One that a newer rulebook no longer knows counts as gravest.
            weight=urgency.rank if urgency else 99,
            key=str(it.pk),
        )


def _flares(patients: QuerySet[Patient], user: User, now: datetime) -> Iterator[Reason]:
    rows = Intake.objects.visible_to(user).flares().filter(patient__in=patients, submitted_at__gte=now - FLARES_SHOWN)
    for it in rows:
        urgency = rulebook().urgencies.get(it.urgency)
        sent: Any = it.submitted_at
        on = timezone.localdate(sent)
        yield Reason(
            patient=it.patient_id,
            kind=Kind.FLARE,
            occasion=str(it.pk),
            words=_("Wrote on %(day)s that it has become worse") % {"day": date_format(on, "j F")},
            since=on,
            weight=urgency.rank if urgency else 0,
        )


def _worse(patients: QuerySet[Patient], user: User, today: date) -> Iterator[Reason]:
    rows = Outcome.objects.visible_to(user).filter(
        Q(measure="ndi") | Q(answers__has_key="worst_24h"),  # a pain score without its worst is on another line
        patient__in=patients,
        on__gt=today - LOOKS_BACK,
        measure__in=COMPARED,
    )
    by_scale = rows.order_by("patient", "measure", "on", "at").distinct("patient", "measure")
    first = {(it.patient_id, it.measure): it for it in by_scale}
    for last in rows.order_by("patient", "measure", "-on", "-at").distinct("patient", "measure"):
        was, now = _value(first[last.patient_id, last.measure]), _value(last)
        if was is None or now is None or first[last.patient_id, last.measure].pk == last.pk:
            continue
        measure = rulebook().measures[last.measure]
        moved = change(measure, was, now)
        if moved.verdict == WORSE:
            yield Reason(
                patient=last.patient_id,
                kind=Kind.WORSE,
                occasion=f"{last.measure}:{last.pk}",
                words=_("%(scale)s from %(was)g to %(now)g") % {"scale": measure.name, "was": was, "now": now},
                since=last.on,
                weight=-moved.by / measure.range_max,
            )


def _calls(patients: QuerySet[Patient], user: User, today: date) -> Iterator[Reason]:
    """Days after what the rulebook wants asked about within a week, unless a clinician has seen them since."""
    soon = {it.code: min(it.follow_up) for it in programs_rulebook().modalities.values() if it.follow_up}
    days = {code: after for code, after in soon.items() if after <= CALLED_WITHIN_DAYS}
    seen = Assessment.objects.filter(patient=OuterRef("patient"), started_at__gt=OuterRef("at") + timedelta(days=1))
    given = TreatmentGiven.objects.visible_to(user).filter(patient__in=patients, modality__in=days, was_skipped=False)
    for it in given.filter(~Exists(seen), at__date__gt=today - timedelta(days=2 * CALLED_WITHIN_DAYS)):
        due_on = timezone.localdate(it.at) + timedelta(days=days[it.modality])
        if due_on <= today < due_on + timedelta(days=CALLED_WITHIN_DAYS):
            yield Reason(
                patient=it.patient_id,
                kind=Kind.CALL,
                occasion=f"call:{it.pk}",
                words=_("%(what)s on %(day)s: ask how it has been")
                % {
                    "what": programs_rulebook().modalities[it.modality].name,
                    "day": date_format(timezone.localdate(it.at), "j F"),
                },
                since=due_on,
                weight=(today - due_on).days,
            )


def _doses(plans: list[Plan]) -> Iterator[Reason]:
    names = programs_rulebook().exercises
    waiting = DoseChange.objects.filter(exercise__plan__in=plans, exercise__dropped_in=None, decided_at=None)
    for it in waiting.select_related("exercise__plan"):
        known = names.get(it.exercise.code)
        because = str(next_dose.BECAUSE.get(it.because, it.because))
        yield Reason(
            patient=it.patient_id,
            kind=Kind.DOSE,
            occasion=f"{it.pk}:{it.because}",
            words=f"{known.name if known else it.exercise.code}: {it.get_direction_display().lower()}. {because}",
            since=timezone.localdate(it.proposed_at),
            weight=DOSE_WEIGHT.get(it.because, 0),
            plan=it.exercise.plan_id,
        )


def _due(plans: list[Plan], today: date) -> Iterator[Reason]:
    of = {it.pk: it for it in plans}
    for it in Checkpoint.objects.undecided().filter(plan__in=plans, due_on__lte=today):
        yield Reason(
            patient=of[it.plan_id].patient_id,
            kind=Kind.DUE,
            occasion=str(it.pk),
            words=_("Reassessment %(n)d was due on %(day)s") % {"n": it.ordinal, "day": date_format(it.due_on, "j F")},
            since=it.due_on,
            weight=(today - it.due_on).days,
            plan=it.plan_id,
        )


def _not_doing(plans: list[Plan], today: date) -> Iterator[Reason]:
    since = adherence.monday_of(today) - WEEKS_OF_EXERCISE
    measure = rulebook().measures[adherence.MEASURE]
    found = done_at_home.of_plans(plans, since=since, today=today)
    for plan in plans:
        low = adherence.low_since(found[plan.pk], measure, today=today)
        if low is None:
            continue
        percent = adherence.percent((it for it in found[plan.pk] if it.day >= low), measure).values["percent"] or 0
        yield Reason(
            patient=plan.patient_id,
            kind=Kind.NOT_DOING,
            occasion=f"{plan.pk}:{low.isoformat()}",
            words=_("%(percent)d %% of the exercises since %(day)s")
            % {"percent": percent, "day": date_format(low, "j F")},
            since=low,
            weight=100 - percent,
            plan=plan.pk,
        )


def _value(it: Outcome) -> float | None:
    kept: Mapping[str, Any] = it.answers if it.measure == "nprs" else it.values
    value = kept.get(COMPARED[it.measure])
    return None if value is None else float(value)

"""The treatments of a visit as the clinician sees them: how each stands, and what is still to be written down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from patients.models import Assessment, Consent, Patient
from patients.rules.rulebook import rulebook as patients_rulebook
from people.models import User
from programs.actions import consents, safety, treatments
from programs.actions.safety import Standing, Treatment
from programs.models import Override, PlannedSession, TreatmentGiven
from programs.rules import agreed, doses, products
from programs.rules.contraindications import BLOCKED
from programs.rules.entries import Modality, Technique
from programs.rules.rulebook import rulebook
from programs.web import treatment_forms
from programs.web.treatment_alerts import Alert, Choice, alert_of
from programs.web.treatment_forms import Treat


@dataclass(frozen=True, slots=True)
class Place:
    code: str
    words: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Amount:
    measured: doses.Measured
    value: float | None
    last: float | None
    typed: str = ""  # what is no number, as it was typed

    @property
    def shown(self) -> str:
        return self.typed or ("" if self.value is None else f"{self.value:g}")


@dataclass(frozen=True, slots=True)
class Product:
    """What has a lot: the kit or the product, and how it was brought to its place."""

    lot: str
    expires_on: str  # as it was typed
    guidance: str
    words: tuple[str, ...]  # for the note


@dataclass(frozen=True, slots=True)
class Agreed:
    """The side and level the patient signed for, and what lies outside of it."""

    signed: tuple[Consent, ...]
    outside: tuple[Place, ...]
    is_acknowledged: bool

    @property
    def key(self) -> str:
        """The same as long as the same is asked, and what the box says when it is ticked."""
        return " ".join(it.code for it in self.outside)


@dataclass(frozen=True, slots=True)
class Card:
    """One treatment. `left` says what has to be done before the note can be signed; empty if nothing."""

    modality: Modality
    name: str
    choices: tuple[Choice, ...]
    alert: Alert | None
    unknown: int
    places: tuple[Place, ...]
    amounts: tuple[Amount, ...]
    product: Product | None
    agreed: Agreed
    reaction: str
    is_skipped: bool
    why: str
    why_words: str
    left_out_because: str
    last: TreatmentGiven | None
    left: str
    unlocked: tuple[str, ...] = field(default=())  # reasons of what is unlocked today

    @property
    def chosen(self) -> Technique | None:
        return next((it.technique for it in self.choices if it.is_chosen), None)

    @property
    def planned(self) -> Technique | None:
        """What the plan asks for, if it names a technique."""
        return next((it.technique for it in self.choices if it.is_planned), None)


def last_given(patient: Patient, before: Assessment | None) -> dict[str, TreatmentGiven]:
    """Of each treatment the last one that was really given. One query."""
    rows = TreatmentGiven.objects.filter(patient=patient, was_skipped=False)
    if before is not None:
        rows = rows.exclude(assessment=before)
    return {it.modality: it for it in rows.order_by("modality", "-at").distinct("modality")}


def cards(
    patient: Patient,
    treat: Treat,
    *,
    assessment: Assessment | None,
    session: PlannedSession | None,
    user: User,
    on: date,
) -> list[Card]:
    """A card for each treatment, in eleven queries at most, however many techniques they have."""
    book, last = rulebook(), last_given(patient, assessment)
    wanted = [
        Treatment(code, on, technique.code, tuple(one.get("regions", ())))
        for code, one in treat.items()
        for technique in book.modalities[code].techniques.values()
        if technique.enabled_by_default
    ]
    history = treatments.known_here(assessment)
    stands = {
        (it.treatment.modality, it.treatment.technique): it for it in safety.standings(patient, wanted, history=history)
    }
    reasons: dict[str, list[str]] = {}
    for unlocked in Override.objects.visible_to(user).filter(patient=patient).in_force(on):
        reasons.setdefault(unlocked.modality, []).append(unlocked.reason)
    unlocked_today = treatments.unlocked_on(patient, on=on)
    signed = consents.areas(patient, treat, on=on)
    found = []
    for code, one in treat.items():
        seen = unlocked_today.get(code, frozenset()).union(one.get("read", ()))
        own = {technique: it for (modality, technique), it in stands.items() if modality == code}
        why = tuple(reasons.get(code, ()))
        of_it = _agreed(signed[code], one)
        found.append(
            _card(
                code, one, own, session=session, user=user, last=last.get(code), read=seen, unlocked=why, consent=of_it
            )
        )
    return found


def _card(
    code: str,
    one: Mapping[str, Any],
    stands: Mapping[str, Standing],
    *,
    session: PlannedSession | None,
    user: User,
    last: TreatmentGiven | None,
    read: frozenset[str],
    unlocked: tuple[str, ...],
    consent: Agreed,
) -> Card:
    modality = rulebook().modalities[code]
    planned = session.technique if session and session.modality == code else ""
    chosen, is_skipped = one.get("technique", ""), bool(one.get("skipped"))
    choices = tuple(
        Choice(
            modality.techniques[tech], tech == chosen, tech == planned, it, treatments.may_give(user, modality, tech)
        )
        for tech, it in stands.items()
    )
    focus = stands.get(chosen or planned) or _if_all_are_blocked(stands)
    alert = None if is_skipped or focus is None else alert_of(focus, choices, user, read)
    return Card(
        modality=modality,
        name=name_of(code, session),
        choices=choices,
        alert=alert,
        unknown=len(focus.judgement.unknown) if focus else 0,
        places=_places(one, last),
        amounts=_amounts(code, one, last),
        product=_product(code, one),
        agreed=consent,
        reaction=one.get("reaction", ""),
        is_skipped=is_skipped,
        why=one.get("why", ""),
        why_words=one.get("why_words", ""),
        left_out_because=treatment_forms.why_left_out(one) or (_stops(focus) if is_skipped else ""),
        last=last,
        left=_left(modality, one, alert, consent, _stops(focus)),
        unlocked=unlocked,
    )


def name_of(code: str, session: PlannedSession | None) -> str:
    """As the desk calls it, with its number in the plan."""
    book = rulebook()
    name = book.services[code].name if code in book.services else book.modalities[code].name
    if session is None or session.modality != code:
        return name
    return _("%(name)s %(ordinal)d of %(course)d") % {
        "name": name, "ordinal": session.ordinal, "course": session.course_length,
    }  # fmt: skip


def _if_all_are_blocked(stands: Mapping[str, Standing]) -> Standing | None:
    """With no technique chosen there is nothing to interrupt, unless none of them may be given."""
    if stands and all(it.judgement.decision == BLOCKED for it in stands.values()):
        return next(iter(stands.values()))
    return None


def _stops(standing: Standing | None) -> str:
    """The rule that stands against it. Whoever leaves it out need not say why once more."""
    if standing is None or standing.may_be_given:
        return ""
    return standing.judgement.findings[0].rule.reason


def _left(modality: Modality, one: Mapping[str, Any], alert: Alert | None, consent: Agreed, stops: str) -> str:
    if one.get("skipped"):
        return "" if stops or treatment_forms.why_left_out(one) else _("say why it was left out")
    if alert is not None and alert.kind == "stop":
        return _("leave out what is stopped")
    if alert is not None and one.get("technique"):
        return _("record the reason") if alert.kind == "locked" else _("read the caution")
    return _unwritten(modality, one, consent)


def _unwritten(modality: Modality, one: Mapping[str, Any], consent: Agreed) -> str:
    if not one.get("technique"):
        return _("say what was done")
    if consent.outside and not consent.is_acknowledged:
        return _("compare the place with the consent")
    if treatment_forms.mistyped(one):
        return _("correct what cannot be right")
    missing = products.lacking(modality.code, _as_product(one))
    return _("write down %(missing)s") % {"missing": ", ".join(map(str, missing))} if missing else ""


def _as_product(one: Mapping[str, Any]) -> products.Product:
    return products.Product(
        lot=one.get("lot", ""),
        expires_on=treatment_forms.expires_on(one),
        guidance=one.get("guidance", ""),
        places=one.get("regions", ()),
        dose=one.get("dose", {}),
    )


def _product(code: str, one: Mapping[str, Any]) -> Product | None:
    if code not in doses.WITH_LOT:
        return None
    it, words = _as_product(one), []
    if it.expires_on:
        words.append(_("expires %(day)s") % {"day": date_format(it.expires_on, "j F Y")})
    if it.guidance:
        words.append(_("guidance: %(how)s") % {"how": str(products.Guidance(it.guidance).label).lower()})
    return Product(it.lot, one.get(treatment_forms.EXPIRES, ""), it.guidance, tuple(words))


def _agreed(signed: list[Consent], one: Mapping[str, Any]) -> Agreed:
    beyond = agreed.outside([it.area for it in signed], one.get("regions", ()))
    places = tuple(Place(it, doses.place_words(it, _regions()), is_chosen=True) for it in beyond)
    return Agreed(tuple(signed), places, set(beyond) <= set(one.get("agreed", ())))


def _places(one: Mapping[str, Any], last: TreatmentGiven | None) -> tuple[Place, ...]:
    """What was tapped, then what is offered because it was treated last time."""
    tapped = one.get("regions", ())
    every = [*tapped, *(it for it in (last.regions if last else []) if it not in tapped)]
    return tuple(Place(it, doses.place_words(it, _regions()), it in tapped) for it in every)


def _amounts(code: str, one: Mapping[str, Any], last: TreatmentGiven | None) -> tuple[Amount, ...]:
    dose, mistyped = one.get("dose", {}), one.get("mistyped", {})
    return tuple(
        Amount(it, dose.get(it.code), last.dose.get(it.code) if last else None, mistyped.get(it.code, ""))
        for it in doses.DOSES.get(code, ())
    )


def _regions() -> Mapping[str, str]:
    return {code: it.label for code, it in patients_rulebook().body_regions.items()}

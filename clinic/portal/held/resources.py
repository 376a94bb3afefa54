"""Which FHIR R4 resource a row is, with the elements its type has for it."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any, Final

from django.db import models

from clinic.appointments.models import Appointment
from clinic.portal.held.telling import word
from clinic.reminders.models import InboundText, Message
from patients.models import (
    Assessment,
    Attachment,
    Consent,
    Fact,
    Helper,
    Intake,
    Outcome,
    Patient,
    Post,
    RedFlag,
)
from patients.rules.rulebook import rulebook
from people.models import AuditEvent
from programs.models import AdverseEvent, ExerciseDone, Plan, PostureCheck, TreatmentGiven

Made = dict[str, Any]
# The element that says whose a resource is, by its type.
WHOSE: Final = {
    "AllergyIntolerance": "patient", "Basic": "subject", "CarePlan": "subject", "ClinicalImpression": "subject",
    "Communication": "subject", "Condition": "subject", "Consent": "patient", "DocumentReference": "subject",
    "Flag": "subject", "MedicationStatement": "subject", "Observation": "subject", "Procedure": "subject",
    "QuestionnaireResponse": "subject", "RelatedPerson": "patient", "AdverseEvent": "subject",
}  # fmt: skip
_VISITS: Final = {
    "booked": "pending", "confirmed": "booked", "arrived": "arrived", "in_room": "checked-in", "done": "fulfilled",
    "missed": "noshow", "cancelled": "cancelled",
}  # fmt: skip
_PLANS: Final = {"active": "active", "paused": "on-hold", "completed": "completed", "stopped": "revoked"}
_SEVERITIES: Final = "http://terminology.hl7.org/CodeSystem/adverse-event-severity"
_GENDERS: Final = {"female": "female", "male": "male", "other": "other", "unknown": "unknown"}


def as_text(value: Any) -> str:
    """A value as one text; lists and maps as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)


def coded(code: str) -> Made:
    return {"coding": [{"code": code, "display": word(code)}], "text": word(code)}


def basic(row: models.Model) -> Made:
    """What FHIR R4 has no resource for: its columns are all extensions."""
    return {"resourceType": "Basic", "code": {"text": str(row._meta.verbose_name)}}


def _patient(it: Patient) -> Made:
    ways = [("email", it.email), ("phone", str(it.mobile or "")), ("phone", str(it.phone or ""))]
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:rebalance-clinic:number", "value": it.clinic_number}],
        "active": not it.is_archived,
        "name": [{"family": it.family_name, "given": [it.given_name] if it.given_name else [], "text": it.full_name}],
        "telecom": [{"system": system, "value": value} for system, value in ways if value],
        "gender": _GENDERS.get(it.sex, "unknown"),
        **({"birthDate": it.birth_date.isoformat()} if it.birth_date else {}),
        **({"deceasedDateTime": it.died_on.isoformat()} if it.died_on else {"deceasedBoolean": False}),
        "address": [
            {"line": [it.address] if it.address else [], "city": it.city, "state": it.region,
             "postalCode": it.postal_code, "country": it.country}
        ],
    }  # fmt: skip


def _appointment(it: Appointment) -> Made:
    return {
        "resourceType": "Appointment",
        "status": _VISITS[it.status],
        "serviceType": [coded(it.service_code)],
        "start": it.starts_at.isoformat(),
        "end": it.ends_at.isoformat(),
        "created": it.booked_at.isoformat(),
        "participant": [
            {"actor": {"reference": f"urn:uuid:{it.patient_id}"}, "status": "accepted"},
            {"actor": {"display": str(it.clinician)}, "status": "accepted"},
            {"actor": {"display": str(it.site)}, "status": "accepted"},
        ],
    }


def _plan(it: Plan) -> Made:
    period = {"start": it.starts_on.isoformat(), "end": it.ends_on.isoformat()}
    told = {"status": _PLANS[it.status], "intent": "plan", "title": it.name, "period": period}
    return {"resourceType": "CarePlan", **told}


def _intake(it: Intake) -> Made:
    made: Made = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed" if it.is_submitted else "in-progress",
        "item": _items(it.answers),
    }
    return made | ({"authored": it.submitted_at.isoformat()} if it.submitted_at else {})


def _posture(it: PostureCheck) -> Made:
    return {
        "resourceType": "QuestionnaireResponse", "status": "completed", "authored": it.at.isoformat(),
        "item": _items(it.answers),
    }  # fmt: skip


def _items(answers: Any) -> list[Made]:
    """Answers by their question; a part of the form holds the questions of it."""
    if not isinstance(answers, Mapping):
        return []
    found = []
    for code, said in answers.items():
        item: Made = {"linkId": str(code), "text": word(str(code))}
        if isinstance(said, Mapping):
            item["item"] = _items(said)
        elif isinstance(said, bool):
            item["answer"] = [{"valueBoolean": said}]
        else:
            item["answer"] = [{"valueString": as_text(said)}]
        found.append(item)
    return found


def _outcome(it: Outcome) -> Made:
    parts = [
        {"code": {"text": str(name)}, **({"valueQuantity": {"value": number}} if _is_number(number)
         else {"valueString": as_text(number)})}
        for name, number in it.values.items()
    ]  # fmt: skip
    return {
        "resourceType": "Observation", "status": "final", "code": coded(it.measure),
        "effectiveDateTime": it.on.isoformat(), "component": parts,
    }  # fmt: skip


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _done(it: ExerciseDone) -> Made:
    return {
        "resourceType": "Observation", "status": "final", "code": {"text": "Exercise done"},
        "effectiveDateTime": it.on.isoformat(), "valueBoolean": True,
    }  # fmt: skip


def _fact(it: Fact) -> Made:
    """Allergies and medicines in the place where other systems look for them."""
    known = rulebook().facts.get(it.code)
    kind = known.kind if known else ""
    if kind == "allergy" and it.value is True:
        return {"resourceType": "AllergyIntolerance", "code": coded(it.code), "recordedDate": it.at.isoformat()}
    if kind == "medication" and it.value is True:
        return {
            "resourceType": "MedicationStatement", "status": "active", "medicationCodeableConcept": coded(it.code),
            "dateAsserted": it.at.isoformat(),
        }  # fmt: skip
    if kind == "condition" and it.value is True:
        return {"resourceType": "Condition", "code": coded(it.code), "recordedDate": it.at.isoformat()}
    value: Made = {"dataAbsentReason": {"text": "not known any more"}}
    if it.value is not None:
        value = {"valueBoolean": it.value} if isinstance(it.value, bool) else {"valueString": as_text(it.value)}
    return {
        "resourceType": "Observation", "status": "final", "code": coded(it.code),
        "effectiveDateTime": it.on.isoformat(), **value,
    }  # fmt: skip


def _flag(it: RedFlag) -> Made:
    state = "active" if it.cleared_at is None else "inactive"
    period = {"start": it.raised_at.isoformat()}
    return {"resourceType": "Flag", "status": state, "code": coded(it.code), "period": period}


def _assessment(it: Assessment) -> Made:
    return {
        "resourceType": "ClinicalImpression",
        "status": "completed" if it.signed_at else "in-progress",
        "date": it.started_at.isoformat(),
        "summary": "\n\n".join(text for text in (it.note, it.findings, it.impression, it.next_steps) if text),
    }


def _consent(it: Consent) -> Made:
    return {
        "resourceType": "Consent",
        "status": "inactive" if it.withdrawn_at else "active",
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "treatment"}]},
        "category": [coded(it.code)],
        "dateTime": it.signed_at.isoformat(),
        "policyRule": {"text": it.text},
        "provision": {"period": {"start": it.valid_from.isoformat(), "end": it.valid_until.isoformat()}},
    }


def _post(it: Post) -> Made:
    return {
        "resourceType": "Communication", "status": "completed", "sent": it.at.isoformat(),
        "payload": [{"contentString": it.text}], "sender": {"display": it.by.name},
    }  # fmt: skip


def _message(it: Message) -> Made:
    """Without its words: they are made anew each time from what is so, and kept nowhere."""
    status = {"sent": "completed", "ready": "preparation", "claimed": "in-progress", "handing": "in-progress"}
    told = {"status": status.get(it.state, "not-done"), "topic": {"text": it.kind}}
    made: Made = {"resourceType": "Communication", **told}
    return made | ({"sent": it.sent_at.isoformat()} if it.sent_at else {})


def _text(it: InboundText) -> Made:
    return {
        "resourceType": "Communication", "status": "completed", "received": it.received_at.isoformat(),
        "payload": [{"contentString": it.body}],
    }  # fmt: skip


def _attachment(it: Attachment) -> Made:
    file = {"contentType": it.kind, "title": it.name or it.file_name, "size": it.size}
    return {"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": file}]}


def _treatment(it: TreatmentGiven) -> Made:
    return {
        "resourceType": "Procedure", "status": "not-done" if it.was_skipped else "completed",
        "code": coded(it.technique or it.modality), "performedDateTime": it.at.isoformat(),
    }  # fmt: skip


def _adverse(it: AdverseEvent) -> Made:
    return {
        "resourceType": "AdverseEvent", "actuality": "actual", "date": it.noticed_on.isoformat(),
        "event": {"text": it.text}, "severity": {"coding": [{"system": _SEVERITIES, "code": it.severity}]},
    }  # fmt: skip


def _helper(it: Helper) -> Made:
    return {
        "resourceType": "RelatedPerson", "active": it.ended_at is None, "relationship": [{"text": it.relation}],
        "name": [{"text": it.name}], "period": {"start": it.added_at.isoformat(), "end": it.ends_at.isoformat()},
    }  # fmt: skip


def _audit(it: AuditEvent) -> Made:
    who = it.by.name if it.by else "system"
    return {
        "resourceType": "AuditEvent",
        "type": {"code": it.deed},
        "recorded": it.at.isoformat(),
        "agent": [{"who": {"display": who}, "role": [{"text": it.role}], "requestor": it.by is not None}],
        "source": {"observer": {"display": "Rebalance Clinic"}},
    }


BUILDERS: Final[dict[type[models.Model], Callable[[Any], Made]]] = {
    Patient: _patient, Appointment: _appointment, Plan: _plan, Intake: _intake, PostureCheck: _posture,
    Outcome: _outcome, ExerciseDone: _done, Fact: _fact, RedFlag: _flag, Assessment: _assessment,
    Consent: _consent, Post: _post, Message: _message, InboundText: _text, Attachment: _attachment,
    TreatmentGiven: _treatment, AdverseEvent: _adverse, Helper: _helper, AuditEvent: _audit,
}  # fmt: skip

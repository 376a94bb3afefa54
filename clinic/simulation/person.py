"""One patient's half year: a plan begun, booked, followed, disturbed and ended."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from clinic.appointments.actions import attendance
from clinic.appointments.models import Appointment
from clinic.appointments.rules.status import Status
from clinic.simulation import story
from clinic.simulation.desk import Desk
from clinic.simulation.door import Door, agree, decided, look_again
from clinic.simulation.house import House
from clinic.simulation.story import Flare, Told
from patients.actions import assessments, consents, facts, red_flags
from patients.models import Patient
from patients.rules.rulebook import rulebook as patients_rulebook
from patients.rules.screen import screen
from people.models import User
from people.rules.refusal import Refused
from programs.actions import checkpoints, plan_pauses, plan_revising, plans, safety
from programs.actions.safety import Contraindicated, Standing
from programs.models import Checkpoint, Plan
from programs.rules.revising import More, Wish

EXPECTED = (Status.BOOKED, Status.CONFIRMED)


@dataclass(slots=True)
class Person:
    number: int
    patient: Patient
    template: str
    starts_on: date
    chance: Random
    told: Told
    house: House
    desk: Desk
    begun: Plan | None = None
    pain: int = 6
    region: str = ""
    to_book: bool = False
    try_again_on: date = date.min
    away_until: date | None = None
    decides_on: dict[Any, date] = field(default_factory=dict)
    flares: list[Flare] = field(default_factory=list)

    @property
    def doctor(self) -> User:
        return self.house.doctors[self.number % len(self.house.doctors)]

    @property
    def is_followed(self) -> bool:
        return self.begun is not None and self.begun.status in Plan.UNFINISHED

    @property
    def plan(self) -> Plan:
        if self.begun is None:
            raise RuntimeError(f"patient {self.number} of {self.template} has no plan yet")
        return self.begun

    def begin(self, *, now: datetime) -> None:
        """The first assessment, the plan, what is signed for it, and all of its visits."""
        on = plans.clinic_day(now)
        self.told.patients += 1
        facts.state(self.patient, story.WELL, by=self.doctor, now=now)
        burden = self.chance.choice(story.UNWELL) if self.chance.random() < 0.15 else ""
        if burden:
            facts.state(self.patient, {burden: True}, by=self.doctor, now=now)
        draft = assessments.start(self.patient, by=self.doctor, now=now)
        draft = assessments.save(
            draft, revision=draft.revision, by=self.doctor, now=now, pain_now=self.pain, impression="Neck spasm."
        )
        draft = assessments.ask_again(draft, revision=draft.revision, by=self.doctor, now=now)
        assessments.sign(decided(draft, by=self.doctor, now=now), by=self.doctor, now=now)
        try:
            self.begun = self._start(on, now)
        except Contraindicated as no:
            self.told.refused["at the start: " + type(no).__name__] += 1
            self._unlock(no.standings, {burden: False} if burden else {}, now)
            self.begun = self._start(on, now)
        agree(self.patient, set(self.plan.sessions.values_list("modality", flat=True)), by=self.doctor, now=now, on=on)
        self._book(now=now, as_="booked")

    def _unlock(self, standings: Iterable[Standing], well: dict[str, bool], now: datetime) -> None:
        """What must not be given is not there after all; what may be unlocked is unlocked."""
        facts.state(self.patient, well, by=self.doctor, now=now)
        for it in standings:
            (found,) = safety.standings(self.patient, [it.treatment])
            by = next(
                (each for each in self.house.users.values() if each.profession in found.judgement.override_roles), None
            )
            if found.to_override and by:
                safety.override(
                    self.patient, it.treatment, reason="Looked at together; the benefit is greater.",
                    until=it.treatment.on + story.UNLOCKED_FOR, by=by, now=now,
                )  # fmt: skip
                self.told.counts["unlocked"] += 1

    def _start(self, on: date, now: datetime) -> Plan:
        return plans.start(
            self.patient, template_code=self.template, starts_on=on, remind_at=None, by=self.doctor, now=now
        )

    def _book(self, *, now: datetime, as_: str = "repaired") -> None:
        today = plans.clinic_day(now)
        span = (self.away_until - today).days if self.away_until else 0
        away = {today + timedelta(days=n) for n in range(max(0, span))}
        self.to_book = not self.desk.book(self.plan, self.told, now=now, away=away, as_=as_)
        self.try_again_on = today + timedelta(days=3)

    def morning(self, *, now: datetime) -> None:
        """Whatever chance brings on this day, before the first visit."""
        on = plans.clinic_day(now)
        self._flares(on, now)
        if self.plan.status == Plan.Status.PAUSED:
            return self._perhaps_resume(on, now)
        if self._is_over(on):
            return self.discharge(now=now)
        self._checkpoints(on, now)
        if self.plan.status == Plan.Status.ACTIVE:
            self._accidents(on, now)
        return None

    def evening(self, *, now: datetime) -> None:
        """Whatever was missed, called off or lost today is booked anew."""
        on = plans.clinic_day(now)
        if self.plan.status == Plan.Status.ACTIVE and self.to_book and on >= self.try_again_on:
            self._book(now=now)

    def _accidents(self, on: date, now: datetime) -> None:
        chance = self.chance.random
        if chance() < story.CALLS_OFF:
            self._call_off(now, away=on)
        if chance() < story.MOVES:
            self._call_off(now, away=on + timedelta(days=self.chance.randrange(3, 8)))
        if chance() < story.PAUSE:
            self._pause(on, now)
        elif chance() < story.REVISES:
            self._revise(now)
        if chance() < story.WITHDRAWS:
            given = self.patient.consents.filter(withdrawn_at=None).order_by("code").first()
            if given:
                consents.withdraw(given, by=self.doctor, now=now)
                self.told.counts["withdrawn"] += 1

    def coming(self, now: datetime) -> list[Appointment]:
        """The visits that are still expected, soonest first."""
        rows = Appointment.objects.filter(patient=self.patient, status__in=EXPECTED, starts_at__gt=now)
        return list(rows.select_related("session", "site").order_by("starts_at"))

    def _call_off(self, now: datetime, *, away: date) -> None:
        """Calls off one of the next visits, perhaps because of being away until some day."""
        visits = self.coming(now)[:4]
        if visits and self.desk.call_off(self.chance.choice(visits), now=now, reason="Cannot come"):
            self.told.counts["called off"] += 1
            self.away_until = max(self.away_until or away, away)
            self.to_book, self.try_again_on = True, date.min

    def _pause(self, on: date, now: datetime) -> None:
        until = on + timedelta(days=self.chance.randrange(2, 21))
        plan_pauses.pause(self.plan, reason="away", until=until, by=self.doctor, now=now)
        self.told.counts["pauses"] += 1
        self.away_until = until
        visits = self.coming(now)
        if self.chance.random() < 0.7:  # else they stay in the book, and the door has to know
            for visit in visits:
                if visit.local_start.date() <= until or self.chance.random() < 0.3:
                    self.desk.call_off(visit, now=now, reason="Paused")

    def _perhaps_resume(self, on: date, now: datetime) -> None:
        if self.away_until is None or on > self.away_until:
            held = plan_pauses.resume(self.plan, by=self.doctor, now=now)
            self.told.counts["held after a pause"] += len(held)
            self._book(now=now)

    def _flares(self, on: date, now: datetime) -> None:
        for flare in [it for it in self.flares if it.until <= on]:
            self._clear(flare, now)
        known = {it.sign for it in self.flares}
        for sign in self.patient.red_flags.open().values_list("code", flat=True):
            if sign not in known:  # such as pain of 9, which is a sign by itself
                self.flares.append(Flare(on + timedelta(days=self.chance.randrange(1, 5)), sign=sign))
        if self.chance.random() < story.FLARE:
            until = on + timedelta(days=self.chance.randrange(1, 15))
            if self.chance.random() < 0.5:
                self.raise_sign(self.chance.choice(story.SIGNS), until, now)
            else:
                fact, ill, well = self.chance.choice(story.FACTS)
                facts.state(self.patient, {fact: ill}, by=self.doctor, now=now)
                self.flares.append(Flare(until, fact=fact, well=well))
            self.told.counts["flares"] += 1
            if self.plan.status == Plan.Status.ACTIVE and self.chance.random() < 0.5:
                self._book(now=now)  # the desk looks at the plan at once; else the door has to know

    def raise_sign(self, code: str, until: date, now: datetime) -> None:
        """The patient phones and answers one of the safety questions with yes."""
        found = screen({"red_flags": {code: True}}, age_years=40, rulebook=patients_rulebook())
        red_flags.raise_from(found, patient=self.patient, by=self.doctor, now=now)
        self.flares.append(Flare(until, sign=code))

    def _clear(self, flare: Flare, now: datetime) -> None:
        self.flares.remove(flare)
        if flare.fact:
            facts.state(self.patient, {flare.fact: flare.well}, by=self.doctor, now=now)
        else:
            self._close(flare.sign, now)
        self.to_book, self.try_again_on = True, date.min

    def _close(self, sign: str, now: datetime) -> None:
        """A doctor has examined it: neither the sign nor what it says of the patient is there any more."""
        for flag in self.patient.red_flags.open().filter(code=sign):
            red_flags.clear(flag, finding="Examined: nothing serious.", by=self.doctor, now=now)
        gone = dict.fromkeys(patients_rulebook().red_flags[sign].sets_facts, False)
        facts.state(self.patient, gone, by=self.doctor, now=now)

    def _checkpoints(self, on: date, now: datetime) -> None:
        for it in self.plan.checkpoints.undecided().filter(due_on__lte=on):
            decides_on = self.decides_on.setdefault(it.pk, on + timedelta(days=self.chance.choice((0, 0, 0, 1, 4))))
            if on >= decides_on and self.plan.status == Plan.Status.ACTIVE:
                self._decide(it, now)

    def _decide(self, it: Checkpoint, now: datetime) -> None:
        look_again(self.plan, pain=self.pain, by=self.doctor, now=now)
        decision = self.chance.choices(("go_on", "revise", "stop"), (17, 2, 1))[0]
        checkpoints.decide(self.plan, it, decision=decision, reason="As seen today.", by=self.doctor, now=now)
        self.told.counts["decided"] += 1
        if decision == "revise":
            self._revise(now)
        elif decision == "stop":
            self.discharge(now=now, reason="not_helping")

    def _revise(self, now: datetime) -> None:
        slots = [it for it in plan_revising.slots_of(self.plan) if not it.given_on]
        if not slots:
            return
        it = self.chance.choice(sorted(slots, key=lambda slot: (slot.due_on, slot.modality, slot.ordinal)))
        wish = self.chance.choice(
            (
                Wish(more=(More(modality=it.modality, technique=it.technique, count=1, every_days=28),)),
                Wish(dropped=frozenset({it.key} if it.key else ())),
                Wish(every_days={it.modality: self.chance.choice((4, 7, 14, 30))}),
            )
        )
        try:
            found = plan_revising.outlook(self.plan, wish, on=plans.clinic_day(now))
            if any(notice.what == "past_course" for notice in found.notices):
                return  # the clinician heeds it
            plan_revising.revise(self.plan, wish, seen=self.plan.version, why="As it goes.", by=self.doctor, now=now)
        except Refused as no:
            self.told.refused["revising: " + type(no).__name__] += 1
            return
        self.told.counts["revised"] += 1
        for visit in self.coming(now):
            if visit.session and visit.session.dropped_in is not None and self.chance.random() < 0.7:
                self.desk.call_off(visit, now=now, reason="Not needed any more")
        self._book(now=now)

    def visit(self, visit: Appointment) -> None:
        """One visit of today: missed, refused, or lived."""
        if self.chance.random() < story.STAYS_AWAY:
            attendance.set_status(
                visit, Status.MISSED, was=visit.status, by=self.desk.by, now=visit.starts_at + timedelta(minutes=20)
            )
            self.told.counts["missed"] += 1
            self.to_book, self.try_again_on = True, date.min
            return
        region = self.chance.choice(story.REGIONS) if self.chance.random() < story.ELSEWHERE else self.region
        self.pain = max(0, min(10, self.pain + self.chance.choice((-1, -1, 0, 0, 1))))
        door = Door(visit, self.chance, self.told, self.desk.by, self.pain, region)
        if door.come():
            examined = {}
            if self.chance.random() < story.FOUND_AT_VISIT:
                sign = self.chance.choice(story.SIGNS)
                examined = {sign: True}
                self.flares.append(Flare(visit.local_start.date() + timedelta(days=3), sign=sign))
            door.treat(examined)
        else:
            self.desk.call_off(door.visit, now=visit.starts_at, reason="A clinician must look first")
            self.to_book, self.try_again_on = True, date.min

    def _is_over(self, on: date) -> bool:
        return on > self.plan.ends_on

    def discharge(self, *, now: datetime, reason: str = "goals_reached") -> None:
        """The plan ends, and whatever is booked of it is called off."""
        plans.stop(self.plan, by=self.doctor, now=now, reason=reason)
        for visit in self.coming(now):
            self.desk.call_off(visit, now=now, reason="The plan has ended")
        self.told.counts["discharged"] += 1
        self.told.weeks.append((plans.clinic_day(now) - self.starts_on).days / 7)

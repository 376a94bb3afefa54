"""What becomes untrue while it is on its way: visits that fall out or move, and patients who say STOP."""

import time
from typing import Final

from django.utils import timezone

from clinic.reminders.models import InboundText, Message, OptOut
from clinic.reminders.proving import world
from clinic.reminders.proving.findings import Bounds, Findings
from clinic.reminders.proving.rig import Rig, Trial
from clinic.reminders.proving.sms_gateway import Taken
from clinic.reminders.proving.world import Owed

_TO_OUR_NUMBER: Final = "/hooks/twilio/text/"
_WORDS: Final = ("STOP", " stop. ", "Alto", "UNSUBSCRIBE")
_FORBIDDEN: Final = 403
_MOST_FORGED: Final = 25  # the door stops listening to who forges more often than that


def changes(rig: Rig) -> Findings:
    """R5: visits are cancelled and moved, and patients press "no more", while the messages leave."""
    trial = rig.owe()
    left = list(trial.owed)
    rig.chance.shuffle(left)

    def change() -> None:
        for _ in range(max(1, len(trial.owed) // 40)):
            if left:
                it = left.pop()
                _make_untrue(it, trial.faults)
                trial.untrue_since[it.key] = time.time()
                trial.faults += 1

    with rig.workers():
        trial.wait_for(1)
        trial.wait(change)
    return trial.found("R5 moves, cancels, STOP", bounds=Bounds())


def _make_untrue(it: Owed, nth: int) -> None:
    now = timezone.now()
    match nth % 3:
        case 0:
            world.call_off(it.visit_id, now=now)
        case 1:
            world.move(it.visit_id, now=now)
        case _:
            world.decline(it.address, now=now)


def stops(rig: Rig) -> Findings:
    """R10: STOP comes twice, from strangers and without a signature; receipts come late, forged and in no order."""
    trial = rig.owe(channel="sms")
    began, left = timezone.now(), list(trial.owed)
    rig.chance.shuffle(left)
    company = _PhoneCompany(rig, trial)

    def call() -> None:
        for _ in range(max(3, len(trial.owed) // 80)):
            if len(left) > len(trial.owed) // 2:
                company.says_stop(left.pop())
        company.reports()

    with rig.pages(), rig.workers():
        trial.wait_for(1)
        trial.wait(call)
        company.reports(most=20)
    found = trial.found("R10 STOP and receipts", bounds=Bounds())
    stopped = OptOut.objects.filter(at__gte=began, is_out=True)
    texts = InboundText.objects.filter(received_at__gte=began)
    mine = Message.objects.filter(pk__in=[it.message_id for it in trial.owed])
    return found.also(
        stops_not_kept_once=abs(stopped.count() - company.stops),
        texts_not_kept_once=abs(texts.count() - company.stops),
        forgeries_believed=company.believed,
        calls_not_answered=company.unanswered,
        old_reports_believed=mine.filter(state=Message.State.FAILED).count(),
        receipts_not_believed=company.reported - mine.filter(delivered_at__isnull=False).count(),
    )


class _PhoneCompany:
    """Calls the clinic's doors as the provider does, and as somebody does who pretends to be it."""

    def __init__(self, rig: Rig, trial: Trial) -> None:
        self._rig, self._trial = rig, trial
        self._earlier = len(rig.gateway.taken)
        self.stops = self.forged = self.believed = self.unanswered = self.reported = 0

    def says_stop(self, it: Owed) -> None:
        """Told twice. Now and then somebody forges the STOP of another patient first, who keeps her reminder."""
        number = it.key
        if self._may_forge():
            self._forge(_TO_OUR_NUMBER, self._rig.gateway.answer_of(number, "STOP"))
        fields = self._rig.gateway.answer_of(number, self._rig.chance.choice(_WORDS))
        self._call(_TO_OUR_NUMBER, fields)
        self._trial.untrue_since[number] = time.time()
        self._call(_TO_OUR_NUMBER, fields)
        self.stops += 1
        self._trial.faults += 1

    def reports(self, most: int = 3) -> None:
        """Of the next few that were taken: "delivered" before "sent", and an old "failed" after all."""
        gateway = self._rig.gateway
        for text in gateway.taken[self._earlier : self._earlier + most]:
            self._earlier += 1
            if self._may_forge():
                self._forge(_path(text), gateway.receipt(text, "failed", error=30005))
            for status in ("delivered", "sent", "delivered", "queued", "failed"):
                self._call(_path(text), gateway.receipt(text, status))
            self.reported += 1

    def _may_forge(self) -> bool:
        return self.forged < _MOST_FORGED and self._rig.chance.random() < 0.1

    def _forge(self, path: str, fields: dict[str, str]) -> None:
        self.forged += 1
        self.believed += self._rig.gateway.post(self._rig.clinic_url + path, fields, is_forged=True) != _FORBIDDEN

    def _call(self, path: str, fields: dict[str, str]) -> None:
        self.unanswered += self._rig.gateway.post(self._rig.clinic_url + path, fields) not in (200, 204)


def _path(text: Taken) -> str:
    return "/" + text.report_to.partition("://")[2].partition("/")[2]

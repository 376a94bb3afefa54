"""What a message may contain, and why one was not sent, in words."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """All that a message template can reach. Nothing about health is in here, so none can slip into a message.

    A stranger may read a mail over a shoulder, or in a shared mailbox (HHS FAQ 198: limit what a reminder says).
    """

    sender_name: str
    first_name: str
    link: str
    date: str = ""
    short_date: str = ""  # of the same day, for texts
    time: str = ""
    form_link: str = ""
    until: str = ""  # an offer holds until then
    phone: str = ""


# Said to the desk. The codes are what `Message.reason` and the audit trail hold.
REASONS = {
    "died": _("the patient has died"),
    "archived": _("the record is archived"),
    "declined": _("the patient does not want e-mail"),
    "no_email": _("we have no e-mail address"),
    "no_mobile": _("we have no mobile number"),
    "no_push": _("no phone or computer is set up for it"),
    "no_address": _("we have no address to write to"),
    "opted_out": _("the patient said STOP"),
    "doubtful": _("the address may be somebody else’s: ask the patient"),
    "switched_off": _("this kind of message is switched off"),
    "not_this_way": _("this kind does not go by this way"),
    "called": _("somebody called instead"),
    "paused": _("the plan is paused"),
    "booked": _("a visit is booked"),
    "plan_started": _("a new plan has begun"),
    "decided": _("somebody has looked at it already"),
    "answered_all": _("all questions are answered"),
    "read": _("the patient has read it"),
    "not_given": _("the visit did not take place"),
    "cancelled": _("the visit was cancelled"),
    "moved": _("the visit was moved"),
    "over": _("the patient came, or the visit is over"),
    "said_anew": _("a newer message says it"),
    "confirmed": _("the visit was already confirmed"),
    "stands_again": _("the visit is not cancelled any more"),
    "answered": _("the offer was answered, or is over"),
    "taken": _("the time was given to somebody else"),
    "not_missed": _("the visit is no longer marked as missed"),
    "booked_anew": _("a new visit is booked"),
    "form_sent": _("the form has arrived"),
    "plan_ended": _("the plan has ended"),
    "reminder_off": _("the patient switched it off"),
    "all_done": _("everything was already done"),
    "left": _("this person may not see records any more"),
    "cleared": _("a clinician has already looked"),
    "too_late": _("it was too late to help"),
    "stopped": _("somebody at the clinic stopped it"),
    "bounced": _("the address does not take mail"),
    "bad_address": _("the address is not a mail address"),
    "bad_number": _("the number is not a phone number"),
    "not_mobile": _("the number takes no texts"),
    "blocked": _("the phone or mail company stopped it"),
    "refused_text": _("the phone company refused the text"),
    "undelivered": _("it did not arrive"),
    "cannot_tell": _("nobody can say whether it arrived"),
    "enough_today": _("enough was sent today"),
    "enough_this_week": _("enough was sent this week"),
    "not_written": _("it could not be written; the server log says why"),
    "unreachable": _("the mail or phone company does not answer; we keep trying"),
    "put_off": _("the mail or phone company said “not now”; we keep trying"),
    "quiet_hours": _("it waits for the morning"),
    "may_be_undone": _("the visit was changed a moment ago, and that can still be undone"),
    "in_doubt": _("it was given, and no answer came"),
}

_ASK, _CALL = _("Ask for the right one, then send it again."), _("Call to be sure.")
# Said to the desk beside the reason, where somebody can do something.
WHAT_TO_DO = {
    "no_email": _("Ask for an address, or call."),
    "no_mobile": _("Ask for a number, or call."),
    "no_address": _("Ask for an address, or call."),
    "declined": _("Call, or ask whether mail is wanted again."),
    "opted_out": _("Call, or write a letter. Only the patient can take a STOP back."),
    "doubtful": _ASK,
    "bounced": _ASK,
    "bad_address": _ASK,
    "bad_number": _ASK,
    "not_mobile": _ASK,
    "blocked": _CALL,
    "refused_text": _CALL,
    "undelivered": _CALL,
    "in_doubt": _CALL,
    "cannot_tell": _CALL,
    "too_late": _("Call, if it still matters."),
    "not_written": _("Call, and tell whoever looks after the server."),
    "unreachable": _("Wait: it leaves as soon as the other side answers. If it matters today, call."),
    "put_off": _("Wait: it leaves as soon as the other side answers. If it matters today, call."),
}

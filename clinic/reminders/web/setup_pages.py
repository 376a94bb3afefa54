"""Which messages the clinic sends, when, by which ways and in which words. Managers and owners set it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.reminders import channels
from clinic.reminders.actions import own_words, ruling, timetable
from clinic.reminders.models import Message, OwnWords, ReminderPolicy
from clinic.reminders.rules import own_words as word_rules
from clinic.reminders.rules import phrases, schedule
from clinic.reminders.rules.own_words import UnfitWords
from clinic.reminders.rules.phrases import Written
from clinic.reminders.web.setup_forms import LANGUAGES, KindForm, ReminderPolicyForm, WordsForm
from people.rules.permissions import Permission
from people.rules.refusal import Refused
from people.web.guards import SignedInRequest, needs

Channel = Message.Channel


@needs(Permission.CLINIC_SETUP)
def message_rules(request: SignedInRequest) -> HttpResponse:
    """Two forms on one page: what holds for all messages, and the kinds one by one."""
    typed, which = (request.POST, request.POST.get("form")) if request.method == "POST" else (None, None)
    policy = ReminderPolicy.current()
    form = ReminderPolicyForm(typed if which == "policy" else None, policy=policy)
    if form.is_valid():
        try:
            ruling.change_policy(seen=form.cleaned_data["seen"], by=request.user, **form.changes)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            # What was typed stays; saved once more it replaces what somebody else has set.
            form.data = request.POST.copy()
            form.data["seen"] = ruling.policy_as_seen(ReminderPolicy.current())
        else:
            return _saved(request)
    times, ways = timetable.current(), ruling.ways_now()
    rows = [KindForm(key, times[key], ways[key], typed if which == "kinds" else None) for key in schedule.DEFAULTS]
    context: dict[str, Any] = {"active": "setup", "form": form, "rows": rows, "wired": channels.by_wire()}
    context["seen"] = ruling.kinds_as_seen(times, ways)
    are_valid = [row.is_valid() for row in rows]  # every one of them: each shows its own mistake
    if which == "kinds" and all(are_valid):
        try:
            ruling.change_kinds(
                {row.key: row.timing for row in rows},
                {row.key: frozenset(row.cleaned_data["ways"]) for row in rows},
                seen=request.POST.get("seen", ""),
                by=request.user,
            )
        except Refused as refusal:
            context["refusal"] = str(refusal)
        else:
            return _saved(request)
    elif which == "kinds":
        context["refusal"] = _("Nothing was saved: one of the numbers below cannot be.")
    return render(request, "reminders/rules.html", context)


def _saved(request: SignedInRequest) -> HttpResponse:
    messages.success(request, _("Saved. What waits to be sent follows the new rules."))
    return redirect("reminders:message_rules")


@needs(Permission.CLINIC_SETUP)
def all_words(request: SignedInRequest) -> HttpResponse:
    """Every text there is, and which of them are the clinic's own."""
    own = set(OwnWords.objects.values_list("kind", "channel", "language"))
    rows = [
        {"kind": kind, "cells": [(it, code, (kind, it, code) in own) for code in LANGUAGES for it in Channel]}
        for kind in own_words.KINDS
    ]
    heads = [(Channel(it).label, name) for name in LANGUAGES.values() for it in Channel]
    return render(request, "reminders/all_words.html", {"active": "setup", "rows": rows, "heads": heads})


@needs(Permission.CLINIC_SETUP)
def words(request: SignedInRequest, kind: str) -> HttpResponse:
    """One text: what it says, how it reads, and the clinic's own instead. `?by=` and `?in=` say which."""
    channel, language = request.GET.get("by", Channel.EMAIL), request.GET.get("in", phrases.LANGUAGES[0])
    if kind not in own_words.KINDS or channel not in Channel.values or language not in LANGUAGES:
        raise Http404
    kept = OwnWords.objects.filter(kind=kind, channel=channel, language=language).first()
    ours = word_rules.ours_of(kind, channel, language)
    shown = Written(kept.subject or ours.subject, kept.text) if kept else ours
    form = WordsForm(
        request.POST or None, channel=channel, initial={"subject": shown.subject, "text": shown.text.strip()}
    )
    if "ours" in request.POST:
        own_words.go_back(kind, channel, language, by=request.user)
        return _written(request, kind, channel, language, _("Our words are used again."))
    own = form.own if form.is_valid() else shown
    preview: Written | None = None
    try:
        preview = own_words.preview(kind, channel, language, own, sender_name=request.clinic.sender_name)
        if form.is_valid() and "preview" not in request.POST:
            own_words.write(kind, channel, language, own, by=request.user, now=timezone.now())
            return _written(request, kind, channel, language, _("Saved. It is said so from now on."))
    except UnfitWords as refusal:
        form.add_error("text", str(refusal))
    context = {
        "active": "setup", "form": form, "kind": Message.Kind(kind), "channel": Channel(channel), "language": language,
        "languages": LANGUAGES, "channels": Channel, "is_own": kept is not None, "preview": preview,
        "blanks": sorted(phrases.ALLOWED),
    }  # fmt: skip
    return render(request, "reminders/words.html", context)


def _written(request: SignedInRequest, kind: str, channel: str, language: str, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect(f"{reverse('reminders:words', args=[kind])}?by={channel}&in={language}")

"""What the clinic offers: the rulebook's services as this clinic has set them."""

from collections.abc import Mapping, Set
from dataclasses import fields, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from people.actions import audit
from people.models import User
from people.rules.refusal import ChangedMeanwhile, Refused
from programs.models import ServiceSetting
from programs.rules import adjusting
from programs.rules.rulebook import rulebook
from programs.rules.services import Service, nonsense

MAPPINGS, SETS = ("setup_minutes", "cleanup_minutes"), ("professions", "room_kinds")
PLAIN = ("is_enabled", "minutes", "places", "daily_limit", "self_booking", "price")
SETTABLE = frozenset({*MAPPINGS, *SETS, *PLAIN})
_NAMES = sorted(SETTABLE)


class NotAllowedByTheRulebook(Refused):
    """Licence law, safety and the switch of a treatment stand in the rulebook; a clinic may only narrow them."""


class CannotBeRight(Refused):
    """A visit of no length, or for nobody."""


class ServiceChanged(ChangedMeanwhile):
    """Somebody else has set the service after this form was opened."""

    def __init__(self) -> None:
        super().__init__(_("Somebody else changed this service meanwhile. Nothing was saved: look at it again."))


# By hand: every page that books asks it, and the ORM took ten times as long to write it as PostgreSQL to answer.
_EVERYTHING = f"""
SELECT code, {", ".join(_NAMES)}, false AS is_off FROM programs_servicesetting
UNION ALL
SELECT code, {", ".join(["NULL"] * len(_NAMES))}, true FROM programs_rulechange
  WHERE withdrawn_at IS NULL AND kind IN (%s, %s)
"""  # noqa: S608  the names of our own columns


def current() -> Mapping[str, Service]:
    """Every service by its code, as the clinic has set it; not offered if its rules have it off. One query."""
    settings: dict[str, ServiceSetting] = {}
    off: set[str] = set()
    for row in ServiceSetting.objects.raw(_EVERYTHING, [adjusting.MODALITY_OFF, adjusting.TECHNIQUE_OFF]):
        if getattr(row, "is_off", False):
            off.add(row.code)
        else:
            settings[row.code] = row
    services = rulebook().services
    return MappingProxyType({code: _as_offered(it, settings.get(code), off) for code, it in services.items()})


def _as_offered(service: Service, setting: ServiceSetting | None, off: Set[str]) -> Service:
    found = _as_set(service, setting) if setting else service
    modality = rulebook().modalities.get(service.modality or "")
    is_off = modality is not None and adjusting.is_switched_off(modality, off)
    return replace(found, is_enabled=False) if is_off else found


@transaction.atomic
def change(code: str, *, by: User, now: datetime, seen: str | None = None, **changes: Any) -> Service:
    """Set what the clinic wants otherwise (`SETTABLE`); None puts the rulebook's value back. Standing visits stay.

    `seen` is what whoever changes it saw (`as_seen`). Raises `KeyError` for a service or field there is not,
    `NotAllowedByTheRulebook`, `CannotBeRight`, and `ServiceChanged` if somebody else was quicker.
    """
    found = ServiceSetting.objects.select_for_update().filter(pk=code).first()
    if seen is not None and seen != _seen(found):
        raise ServiceChanged
    setting = found or ServiceSetting(code=code)
    service = _tried(setting, changes)
    setting.changed_by, setting.changed_at = by, now
    try:
        with transaction.atomic():
            setting.save(force_insert=found is None)
    except IntegrityError as error:  # two people set it for the first time at once
        raise ServiceChanged from error
    audit.record(by, "service.changed", setting, fields=sorted(changes))
    return service


def as_seen(code: str) -> str:
    """What a form about the service sends back, so that two people do not overwrite each other."""
    return _seen(ServiceSetting.objects.filter(pk=code).first())


def _seen(setting: ServiceSetting | None) -> str:
    return setting.changed_at.isoformat() if setting else ""


def as_it_would_be(code: str, **changes: Any) -> Service:
    """The service as `change` would make it. Reads only; refuses as `change` does."""
    return _tried(ServiceSetting.objects.filter(pk=code).first() or ServiceSetting(code=code), changes)


def _tried(setting: ServiceSetting, changes: Mapping[str, Any]) -> Service:
    base = rulebook().services[setting.code]
    if unknown := changes.keys() - SETTABLE:
        raise KeyError(*unknown)
    for name, value in changes.items():
        setattr(setting, name, sorted(value) if name in SETS and value is not None else value)
    service = _as_set(base, setting)
    _check(base, service)
    return service


def _as_set(base: Service, setting: ServiceSetting) -> Service:
    names = {field.name for field in fields(base)}
    told = {name: getattr(setting, name) for name in SETTABLE & names}
    changed: dict[str, Any] = {
        name: frozenset(value) if name in SETS else MappingProxyType(dict(value)) if name in MAPPINGS else value
        for name, value in told.items()
        if value is not None
    }
    return replace(base, **changed)


def _check(base: Service, it: Service) -> None:
    modality = rulebook().modalities.get(it.modality or "")
    if it.is_enabled and modality and not modality.enabled_by_default:
        raise NotAllowedByTheRulebook(_("The rulebook has this treatment switched off, so it cannot be offered."))
    may_perform = frozenset(modality.performed_by) if modality else base.professions
    may_hold = frozenset(modality.room_types) if modality else base.room_kinds
    if not it.professions or not it.professions <= may_perform:
        raise NotAllowedByTheRulebook(_("Choose at least one profession, and only those that may give this."))
    if not it.room_kinds or not it.room_kinds <= may_hold:
        raise NotAllowedByTheRulebook(_("Choose at least one kind of room, and only those in which this may be given."))
    if nonsense(it):
        raise CannotBeRight(_("These numbers leave no time or no place for anybody. Correct them."))

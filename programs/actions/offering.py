"""What the clinic offers: the rulebook's services as this clinic has set them."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from people.actions import audit
from people.models import User
from people.rules.refusal import Refused
from programs.models import ServiceSetting
from programs.rules.rulebook import rulebook
from programs.rules.services import Service, nonsense

MAPPINGS, SETS = ("setup_minutes", "cleanup_minutes"), ("professions", "room_kinds")
PLAIN = ("is_enabled", "minutes", "places", "daily_limit", "self_booking")
SETTABLE = frozenset({*MAPPINGS, *SETS, *PLAIN})


class NotAllowedByTheRulebook(Refused):
    """Licence law, safety and the switch of a treatment stand in the rulebook; a clinic may only narrow them."""


class CannotBeRight(Refused):
    """A visit of no length, or for nobody."""


def current() -> Mapping[str, Service]:
    """Every service by its code, as the clinic has set it. One query."""
    settings = {setting.code: setting for setting in ServiceSetting.objects.all()}
    return MappingProxyType(
        {
            code: _as_set(service, settings[code]) if code in settings else service
            for code, service in rulebook().services.items()
        }
    )


@transaction.atomic
def change(code: str, *, by: User, now: datetime, **changes: Any) -> Service:
    """Set what the clinic wants otherwise (`SETTABLE`); None puts the rulebook's value back. Standing visits stay.

    Raises `KeyError` for a service or field there is not, `NotAllowedByTheRulebook` and `CannotBeRight`.
    """
    base = rulebook().services[code]
    if unknown := changes.keys() - SETTABLE:
        raise KeyError(*unknown)
    setting = ServiceSetting.objects.select_for_update().filter(pk=code).first() or ServiceSetting(code=code)
    for name, value in changes.items():
        setattr(setting, name, sorted(value) if name in SETS and value is not None else value)
    setting.changed_by, setting.changed_at = by, now
    service = _as_set(base, setting)
    _check(base, service)
    setting.save()
    audit.record(by, "service.changed", setting, fields=sorted(changes))
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

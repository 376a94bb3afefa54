from clinic.reminders.models.message import Attempt, Message
from clinic.reminders.models.settings import ContactPreference, OptOut, OwnWords, ReminderPolicy, SendingRule
from clinic.reminders.models.wire import CalendarFeed, DeliveryReceipt, InboundText, PushSubscription, ShortLink

__all__ = [
    "Attempt",
    "CalendarFeed",
    "ContactPreference",
    "DeliveryReceipt",
    "InboundText",
    "Message",
    "OptOut",
    "OwnWords",
    "PushSubscription",
    "ReminderPolicy",
    "SendingRule",
    "ShortLink",
]

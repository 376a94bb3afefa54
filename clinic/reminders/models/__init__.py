from clinic.reminders.models.look import LastLook
from clinic.reminders.models.message import Attempt, Message
from clinic.reminders.models.settings import ContactPreference, OptOut, OwnWords, ReminderPolicy, SendingRule
from clinic.reminders.models.wire import CalendarFeed, DeliveryReceipt, InboundText, PushSubscription, ShortLink

__all__ = [
    "Attempt",
    "CalendarFeed",
    "ContactPreference",
    "DeliveryReceipt",
    "InboundText",
    "LastLook",
    "Message",
    "OptOut",
    "OwnWords",
    "PushSubscription",
    "ReminderPolicy",
    "SendingRule",
    "ShortLink",
]

from clinic.reminders.models.message import Attempt, Message

__all__ = ["Attempt", "Message"]

"""Mail that came back to the bounce address: which of ours it is about, and why (RFC 3464; complaints: RFC 5965)."""

import re
from dataclasses import dataclass
from email import message_from_bytes, message_from_string, policy
from email.message import EmailMessage, Message
from typing import Final
from uuid import UUID

from clinic.reminders.rules import mail_reports

_OURS: Final = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@rebalance-clinic>")
_MEANS: Final = {"failed": "bounced", "delayed": "deferred", "delivered": "delivered"}
_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Returned:
    """`recipients` as the notice names them: one of them has to be whom we wrote to, or it is not about our mail."""

    message_id: UUID
    recipients: frozenset[str]
    what: str
    status: str = ""
    reason: str = ""


def read(raw: bytes) -> list[Returned]:
    """What the notice says of a mail of ours; nothing for any other mail, however broken."""
    notice = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    if notice.get_content_type() != "multipart/report":
        return []
    parts = {part.get_content_type(): part for part in notice.walk() if part is not notice}
    ours = _message_id(parts)
    if ours is None:
        return []
    if "message/feedback-report" in parts:
        original = _headers(parts)
        return [Returned(ours, frozenset({_address(str(original.get("To", "")))}), "complained")]
    status = parts.get("message/delivery-status")
    blocks = status.get_payload() if status else []
    read = (
        [_recipient(ours, block) for block in blocks if isinstance(block, Message)] if isinstance(blocks, list) else []
    )
    return [each for each in read if each]


def _recipient(ours: UUID, block: Message) -> Returned | None:
    what = _MEANS.get(str(block.get("Action", "")).strip().lower())
    if what is None:  # the first block speaks of the server, and "relayed" says nothing
        return None
    names = {_address(str(block.get(name, ""))) for name in ("Final-Recipient", "Original-Recipient")}
    found = _STATUS.search(str(block.get("Status", "")))
    status = found[0] if found else ""
    reason = mail_reports.reason_of_status(status) if what == "bounced" else ""
    return Returned(ours, frozenset(names - {""}), what, status, reason)


def _message_id(parts: dict[str, EmailMessage]) -> UUID | None:
    found = _OURS.search(str(_headers(parts).get("Message-ID", "")))
    return UUID(found[1]) if found else None


def _headers(parts: dict[str, EmailMessage]) -> Message:
    """Of the mail that came back, whole or only its head."""
    if whole := parts.get("message/rfc822"):
        inner = whole.get_payload()
        if isinstance(inner, list) and inner and isinstance(inner[0], Message):
            return inner[0]
    head = parts.get("text/rfc822-headers")
    return message_from_string(str(head.get_payload()) if head else "")


def _address(said: str) -> str:
    """ "rfc822; <leila@example.org>" is leila@example.org."""
    return said.rpartition(";")[2].strip().rpartition("<")[2].rstrip("> ").lower()

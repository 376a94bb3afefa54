"""What is written down about requests: never the secret in a link, for whoever reads a log could open it."""

import logging
import re
from typing import Final

HIDDEN: Final = "***"
# Addresses whose next part opens something to whoever has it (tests/architecture finds each that there is).
_LINKS: Final = re.compile(r"(/(?:a|o|f|t|join|stop|calendar|signin/password)/)[^/?\s\"']+")


class NoSecretsOfLinks(logging.Filter):
    """Django logs the address of every refused request, and links are refused when they are used too late."""

    def filter(self, record: logging.LogRecord) -> bool:
        written = record.getMessage()
        hidden = _LINKS.sub(rf"\1{HIDDEN}", written)
        if hidden != written:
            record.msg, record.args = hidden, None
        return True

"""What can go wrong before Django is there to say it, each as one line a person can act on."""

import errno
import shutil
from pathlib import Path

_WORDS_OF_A_FULL_DISK = ("no space left on device", "enospc", "disk quota exceeded")
_WORDS_OF_A_LOST_NETWORK = (
    "connection broken",
    "dns error",
    "error sending request",
    "failed to establish a new connection",
    "enotfound",
    "eai_again",
    "econnrefused",
    "etimedout",
    "network is unreachable",
    "nameresolutionerror",
    "newconnectionerror",
    "proxyerror",
    "read timed out",
    "tunnel error",
)
_MEGABYTE = 1024 * 1024


class Trouble(Exception):
    """Set-up cannot go on. The text is the whole message: no traceback follows it."""


class NoNetwork(Trouble):
    """The package registry does not answer, so trying the next installer would only take longer to say so."""


def need_room(folder: Path, megabytes: int, purpose: str) -> None:
    """Refuse before the first byte is written: a set-up that stops half-way is harder to understand than this line."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free // _MEGABYTE
    if free < megabytes:
        raise Trouble(f"The disk that holds {folder} is full: {free} MB are free, {purpose} needs {megabytes} MB.")


def trouble_with(task: str, output: str, log: Path) -> Trouble:
    """Name the cause of a failed program, as far as its last words tell."""
    spoken = output.lower()
    if any(words in spoken for words in _WORDS_OF_A_FULL_DISK):
        return Trouble(f"The disk is full: {task} could not finish. Free some space and start again.")
    if any(words in spoken for words in _WORDS_OF_A_LOST_NETWORK):
        return NoNetwork(f"No package registry answers: {task} needs the internet once. Details: {log}")
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error" in line.lower()] or lines or ["it said nothing"]
    return Trouble(f"{task} failed: {telling[-1][:300]} (details: {log})")


def trouble_on_disk(error: OSError) -> Trouble:
    """Turn the operating system's refusals that a person can mend into words."""
    place = error.filename or "the data folder"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Trouble(f"The disk is full: {place} could not be written.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Trouble(f"{place} may not be written by this user. Start as its owner, or set CLINIC_DATA elsewhere.")
    raise error

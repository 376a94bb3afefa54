"""Processes die while the desk books: what was acknowledged stays, letters go out, and nobody has to help."""

import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from stack import Stack, running, text_of

pytestmark = pytest.mark.browser

# The command line of each process, as /proc shows it. PostgreSQL and Valkey last: everything leans on them.
VICTIMS = ["celery --app clinic worker", "celery --app clinic beat", "valkey-server", "bin/postgres -D"]
OVERLAPS = """
from clinic.appointments.models import Hold
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute('''SELECT count(*) FROM appointments_hold a JOIN appointments_hold b
        ON a.resource_id = b.resource_id AND a.id < b.id AND a.during && b.during''')
    print('overlaps', cursor.fetchone()[0])
"""


class Desk:
    """A receptionist without a browser: signs in, books one review visit after another, remembers what was said."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open
        self.booked: list[str] = []
        self.refused = 0

    def sign_in(self) -> None:
        page = self._get("/signin/")
        fields = {"login": "rosa@example.org", "password": "rebalance-demo-360"}
        assert "signin" not in self._post("/signin/", page, fields)[0]

    def book_for(self, patient: str) -> None:
        address = f"/desk/book/?patient={patient}&service=review"
        page = self._get(address)
        offer = re.search(r'name="offer" value="([^"]+)" checked', page)
        assert offer
        fields = dict(
            re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.partition('id="bookform"')[2])
        )
        where, answer = self._post(address, page, fields | {"offer": offer[1]})
        if "Booked:" in answer or "/desk/day/" in where:
            self.booked.append(patient)

    def keep_booking(self, patients: list[str]) -> None:
        for patient in patients:
            try:
                self.book_for(patient)
            except (AssertionError, OSError):  # the server was down for a moment: a person would try the next caller
                self.refused += 1
                time.sleep(0.5)

    def _get(self, path: str) -> str:
        with self.open(self.stack.url + path, timeout=20) as answer:
            return str(answer.read().decode())

    def _post(self, path: str, page: str, fields: dict[str, str]) -> tuple[str, str]:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token
        data = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": token[1]}).encode()
        with self.open(urllib.request.Request(self.stack.url + path, data), timeout=20) as answer:
            return answer.url, answer.read().decode()


def pids_of(stack: Stack, command: str) -> list[int]:
    """Processes below the supervisor that run `command`."""
    found = subprocess.run(["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [(int(pid), int(ppid), args) for pid, ppid, args in (line.split(None, 2) for line in found.splitlines()[1:])]
    family = {stack.process.pid}
    for _ in range(6):  # supervisor, helper, server, its children
        family |= {pid for pid, ppid, _ in rows if ppid in family}
    return [pid for pid, _, args in rows if pid in family and command in args]


def eventually(is_so: Callable[[], bool], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.5)


def health(stack: Stack) -> bool:
    try:
        with urllib.request.urlopen(f"{stack.url}/healthz", timeout=3) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


def shell(stack: Stack, code: str) -> str:
    return stack.manage("shell", "--no-imports", "-v", "0", "-c", code)


def kill_and_see_it_heal(stack: Stack, victim: str, desk: Desk, booking: threading.Thread) -> None:
    pids = pids_of(stack, victim)
    assert pids, f"{victim} is not running"
    before = len(desk.booked)
    os.kill(min(pids), signal.SIGKILL)
    eventually(lambda: health(stack), 60, f"pages again after {victim} died")
    eventually(lambda: len(desk.booked) > before or not booking.is_alive(), 60, f"bookings after {victim} died")


def test_killing_each_process_in_turn_loses_no_booking_and_no_letter() -> None:
    with running() as stack:
        # Their letters are waited for, so nothing is held back for undoing.
        shell(stack, "from clinic.appointments.models import BookingPolicy as P\nP.objects.create(undo_seconds=0)")
        mailed = "[print('p', p.pk, p.email) for p in Patient.objects.exclude(email='').order_by('number')[90:]]"
        rows = re.findall(r"p (\S+) (\S+)", shell(stack, f"from patients.models import Patient\n{mailed}"))
        addresses = dict(rows)
        desk = Desk(stack)
        desk.sign_in()
        booking = threading.Thread(target=desk.keep_booking, args=(list(addresses),))
        booking.start()
        for victim in VICTIMS:
            kill_and_see_it_heal(stack, victim, desk, booking)
        booking.join(timeout=120)
        assert desk.booked

        kept = shell(
            stack,
            "from clinic.appointments.models import Appointment as A\n"
            "[print('a', x) for x in A.objects.filter(service_code='review').values_list('patient', flat=True)]",
        )
        lost = Counter(desk.booked) - Counter(re.findall(r"a (\S+)", kept))
        assert not lost
        assert "overlaps 0" in shell(stack, OVERLAPS)
        for patient in desk.booked:
            stack.inbox.wait_for(addresses[patient], "Your visit is booked", seconds=90)
        letters = Counter(str(it["Message-ID"]) for it in stack.inbox.letters if "booked" in text_of(it))
        assert sum(count - 1 for count in letters.values()) <= len(
            VICTIMS
        )  # one in flight for each death, as SMTP allows
        assert Path(stack.data).exists()

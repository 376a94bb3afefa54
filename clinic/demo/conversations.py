"""What patients of the demo clinic have written: something that was answered, and something that waits."""

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from patients.actions import threads
from patients.actions.threads import Written
from patients.models import Patient
from people.models import User


def fill(leila: Patient, others: list[Patient], *, doctor: User, now: datetime) -> None:
    """Leila asked about an exercise and has read the answer; somebody else waits for one about a bill."""
    if leila.user:
        asked = _written("My neck is stiff in the morning. May I do the chin tuck twice?")
        thread = threads.begin(leila, "exercises", asked, by=leila.user, now=now - timedelta(days=4))
        said = _written("Yes. Do it once in the morning and once in the evening, and stop when pain goes above 5.")
        threads.write(thread, said, by=doctor, now=now - timedelta(days=3))
        threads.seen(thread, by=leila.user, now=now - timedelta(days=2))
    writer = next((it for it in others if it.user), None)
    if writer and writer.user:
        question = _written("Is the last visit on the bill already?")
        threads.begin(writer, "bill", question, by=writer.user, now=now - timedelta(hours=20))


def _written(text: str) -> Written:
    return Written(text=text, key=uuid5(NAMESPACE_URL, text))

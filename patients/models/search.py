"""How a search is asked of the database, in terms that its indexes answer."""

from functools import reduce
from operator import and_, or_

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat, Lower
from django.db.models.lookups import Exact

from patients.rules.search import Digits, Wanted, readings_of_word

# Share of a word's letter triples found in a name. A swap in five letters leaves a third of them; PostgreSQL's
# own 0.6 would not even find Smith for "smyth". What is too far is left out after (rules.search.misspelling).
CLOSE = 0.3
FEW = 3  # letters; with fewer a page is soon full on the walk by name
MOST_COMPARED = 200  # names that are compared letter by letter
_JOINTS = (" ", "-", "'")  # a word of a name begins after these


class Unaccent(models.Func):
    """unaccent() as an immutable function, so that it may stand in an index (migration 0001 makes it)."""

    function = "immutable_unaccent"
    output_field = models.TextField()


def folded(word: str) -> models.Expression:
    """As `name_key` holds it, folded by the same function: the two can never disagree."""
    return Lower(Unaccent(Value(word)))


def begins(word: str) -> Q:
    """One of the patient's names begins so. Each half is a pattern that the trigram index serves, however short."""
    after = [Q(name_key__contains=folded(f"{joint}{word}")) for joint in _JOINTS[: 3 if len(word) > 2 else 1]]
    return reduce(or_, after, Q(name_key__startswith=folded(word)))


def phone_ends(digits: str) -> Q:
    backwards = digits[::-1]
    return Q(mobile_key__startswith=backwards) | Q(phone_key__startswith=backwards)


def born_in(years: tuple[int, ...]) -> Q:
    return reduce(or_, (Q(birth_date__gte=f"{year}-01-01", birth_date__lte=f"{year}-12-31") for year in years))


def holds(wanted: Wanted) -> Q:
    """Everything that was typed holds."""
    return reduce(and_, [_word(word) for word in wanted.words], _besides_words(wanted))


def order(wanted: Wanted) -> tuple[str | models.Expression, str]:
    """By name, as `by_name`. What finds few is sorted by itself, not read from the index of names.

    PostgreSQL cannot know how many names hold "karim": it takes them for many, walks everybody by name until it has a
    page full, and a rare name costs a second among a million (measured). What is added to the key hides that way.
    """
    finds_few = any(len(word) >= FEW for word in wanted.words)
    return (Concat("sort_key", Value("")) if finds_few else "sort_key", "id")


def nearly_holds(wanted: Wanted) -> Q:
    """Numbers hold as typed; words may be misspelt."""
    near = [Q(_forgiving()), *(Q(name_key__trigram_word_similar=folded(word)) for word in wanted.words)]
    return reduce(and_, near, _besides_words(wanted))


def nearness(wanted: Wanted) -> models.Expression:
    """0 to 1: how much of the words that were typed the name holds."""
    typed = folded(" ".join(wanted.words))
    return models.Func(typed, models.F("name_key"), function="word_similarity", output_field=models.FloatField())


def _forgiving() -> models.Func:
    """True, and for this one statement PostgreSQL finds words that are only `CLOSE`.

    An uncorrelated subselect is answered once, before the first row is looked for; `true` ends it with the
    transaction. A statement of its own would cost every search a round trip.
    """
    return models.Func(
        template=f"(SELECT set_config('pg_trgm.word_similarity_threshold', '{CLOSE}', true)) IS NOT NULL",
        output_field=models.BooleanField(),
    )


def _word(word: str) -> Q:
    return reduce(or_, (reduce(and_, map(begins, parts)) for parts in readings_of_word(word)))


def _besides_words(wanted: Wanted) -> Q:
    found = Q()
    if wanted.birth_dates:
        found &= Q(birth_date__in=wanted.birth_dates)
    if wanted.number is not None:
        found &= Q(number=wanted.number)
    if wanted.email:
        found &= Q(Exact(Lower("email"), Value(wanted.email)))
    return reduce(and_, map(_number, wanted.digits), found)


def _number(digits: Digits) -> Q:
    readings = []
    if digits.ending:
        readings.append(phone_ends(digits.ending))
    if digits.years:
        readings.append(born_in(digits.years))
    if digits.number is not None:
        readings.append(Q(number=digits.number))
    return reduce(or_, readings)

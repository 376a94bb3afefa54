"""How often somebody may try something, counted in the cache."""

from django.core.cache import cache

HOUR = 60 * 60  # seconds


def is_too_often(what: str, *, times: int, seconds: int = HOUR) -> bool:
    """Count one try of `what`, and say whether it is one too many. Without the counter nobody gets in."""
    key = f"tries:{what}"
    cache.add(key, 0, seconds)
    try:
        return int(cache.incr(key)) > times
    except ValueError:  # the hour ended between the two: they begin anew
        return False

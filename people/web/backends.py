"""Django asks here what a user may do, so `user.has_perm` and `{{ perms }}` read the RIGHTS table."""

from django.contrib.auth.backends import ModelBackend

from people.models import User


class RightsBackend(ModelBackend):
    def authenticate(self, *args: object, **kwargs: object) -> None:
        """Signing in is allauth's work: its backend limits attempts and asks for the second factor."""

    def get_all_permissions(self, user_obj: object, obj: object | None = None) -> set[str]:
        return set(user_obj.rights) if isinstance(user_obj, User) else set()

    def has_perm(self, user_obj: object, perm: str, obj: object | None = None) -> bool:
        return perm in self.get_all_permissions(user_obj)

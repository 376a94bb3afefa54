"""What people type when they sign in and when the clinic is set up."""

from typing import Any

from allauth.account import forms as account
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from people.models import Clinic, Invitation, Site, User
from people.rules import professions
from people.rules.permissions import STAFF_ROLES, Role

STAFF_CHOICES = [(role.value, role.label) for role in Role if role in STAFF_ROLES]


class SignInForm(account.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail")
        self.fields["login"].widget.attrs.update(autocomplete="username", placeholder="")
        self.fields["password"].widget.attrs.update(placeholder="")
        self.fields["password"].help_text = ""


class PatientCodeForm(account.RequestLoginCodeForm):
    """Codes go to patients only. A member of staff gets what a stranger gets: a code must not replace two factors."""

    _user: User | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")
        self.fields["email"].widget.attrs.update(placeholder="")

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if self._user is not None and not self._user.is_patient:
            self._user = None
        return email


class CodeForm(account.ConfirmLoginCodeForm):
    is_shared = forms.BooleanField(
        label=_("Other people use this phone too"),
        help_text=_("Then we sign you out soon, and keep nothing on it."),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code")
        self.fields["code"].help_text = _("The 8 digits from the mail.")
        self.fields["code"].widget.attrs.update(placeholder="", inputmode="numeric", autofocus=True)


class StaffPasswordResetForm(account.ResetPasswordForm):
    """Only staff have passwords. A patient who could set one would have a second, weaker way in."""

    users: list[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")
        self.fields["email"].widget.attrs.update(placeholder="")

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.users = [user for user in self.users if user.is_staff_member]
        return email


class PasskeyForm(AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].label = _("Sign in with it alone, without a password")
        self.fields["passwordless"].help_text = _("It then asks for your fingerprint, face or PIN each time.")
        self.fields["passwordless"].initial = True


class JoinForm(forms.Form):
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        help_text=_("At least 12 characters. Three or four words in a row are easy to remember."),
    )
    again = forms.CharField(
        label=_("The same password again"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self.invitation.email, name=self.invitation.name))
        return password

    def clean(self) -> dict[str, Any]:
        password, again = self.cleaned_data.get("password"), self.cleaned_data.get("again")
        if password and again and password != again:
            self.add_error("again", ValidationError(_("The two passwords are not the same.")))
        return self.cleaned_data


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Works as"), choices=STAFF_CHOICES)
    profession = forms.ChoiceField(
        label=_("Profession"),
        required=False,
        help_text=_("For everyone who treats. An owner or manager with a profession also treats."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["profession"] = forms.ChoiceField(
            label=self.fields["profession"].label,
            help_text=self.fields["profession"].help_text,
            required=False,
            choices=[("", _("None, does not treat")), *professions.choices()],
        )


class MemberForm(RoleForm):
    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    field_order = ["name", "role", "profession"]


class InvitationForm(MemberForm):
    email = forms.EmailField(label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    field_order = ["name", "email", "role", "profession"]


class ClinicForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs know a parameter
    class Meta:
        model = Clinic
        fields = ["name", "sender_name", "phone", "emergency_number", "time_zone"]
        widgets = {"time_zone": forms.TextInput(attrs={"list": "time-zones"})}


class SiteForm(forms.ModelForm):  # type: ignore[type-arg]  # only the stubs know a parameter
    class Meta:
        model = Site
        fields = ["name", "address", "phone", "time_zone"]
        widgets = {"time_zone": forms.TextInput(attrs={"list": "time-zones"})}


class AuditFilter(forms.Form):
    """Which lines of the audit trail to show."""

    person = forms.ModelChoiceField(
        label=_("Who"), queryset=User.objects.none(), required=False, empty_label=_("Everybody")
    )
    deed = forms.CharField(label=_("Deed begins with"), required=False, max_length=60)
    day = forms.DateField(label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    patient = forms.UUIDField(label=_("Patient's id"), required=False)
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = User.objects.staff()  # type: ignore[attr-defined]

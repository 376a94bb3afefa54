"""Signing in, who works here, and setting the clinic up. There is no page on which anybody signs up."""

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as devices
from django.urls import include, path, re_path

from people.web import joining, setup, sign_in, staff, trail
from people.web.account import account as my_account
from people.web.guards import public, signed_in, staff_setting_up
from people.web.passkeys import passkey as own_passkey

# allauth looks its pages up by these names. They are mounted one by one: whatever is not here does not exist.
SIGN_IN = [
    path("", sign_in.sign_in, name="account_login"),
    path("code/", sign_in.request_code, name="account_request_login_code"),
    path("code/confirm/", sign_in.confirm_code, name="account_confirm_login_code"),
    path("factor/", public(factors.authenticate), name="mfa_authenticate"),
    path("passkey/", public(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("closed/", public(account.account_inactive), name="account_inactive"),
    path("password/", sign_in.reset_password, name="account_reset_password"),
    path("password/sent/", public(account.password_reset_done), name="account_reset_password_done"),
    path("password/done/", public(account.password_reset_from_key_done), name="account_reset_password_from_key_done"),
    re_path(
        r"^password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        public(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
]

ACCOUNT = [
    path("password/", staff_setting_up(account.password_change), name="account_change_password"),
    path("confirm/", staff_setting_up(account.reauthenticate), name="account_reauthenticate"),
    path("confirm/factor/", staff_setting_up(factors.reauthenticate), name="mfa_reauthenticate"),
    path("confirm/passkey/", staff_setting_up(passkeys.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("factors/", staff_setting_up(factors.index), name="mfa_index"),
    path("factors/app/", staff_setting_up(app.activate_totp), name="mfa_activate_totp"),
    path("factors/app/off/", staff_setting_up(app.deactivate_totp), name="mfa_deactivate_totp"),
    path("factors/codes/", staff_setting_up(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("factors/codes/new/", staff_setting_up(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("factors/codes/file/", staff_setting_up(codes.download_recovery_codes), name="mfa_download_recovery_codes"),
    path("factors/passkeys/", staff_setting_up(passkeys.list_webauthn), name="mfa_list_webauthn"),
    path("factors/passkeys/new/", sign_in.add_passkey, name="mfa_add_webauthn"),
    path("factors/passkeys/<int:pk>/", staff_setting_up(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path("factors/passkeys/<int:pk>/remove/", staff_setting_up(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
    path("devices/", signed_in(devices.list_usersessions), name="usersessions_list"),
]

PEOPLE = [
    path("account/", my_account, name="account"),
    path("account/passkey/", own_passkey, name="passkey"),
    path("join/<str:token>/", joining.join, name="join"),
    path("setup/", setup.overview, name="setup"),
    path("setup/clinic/", setup.clinic, name="clinic"),
    path("setup/sites/", setup.sites, name="sites"),
    path("setup/sites/new/", setup.new_site, name="new_site"),
    path("setup/sites/<uuid:site_id>/", setup.site, name="site"),
    path("setup/sites/<uuid:site_id>/archive/", setup.archive_site, name="archive_site"),
    path("setup/sites/<uuid:site_id>/reopen/", setup.reopen_site, name="reopen_site"),
    path("setup/staff/", staff.members, name="staff"),
    path("setup/staff/invite/", staff.invite, name="invite"),
    path("setup/staff/<uuid:user_id>/", staff.member, name="member"),
    path("setup/staff/<uuid:user_id>/deactivate/", staff.deactivate, name="deactivate"),
    path("setup/staff/<uuid:user_id>/reactivate/", staff.reactivate, name="reactivate"),
    path("setup/invitations/<uuid:invitation_id>/again/", staff.invite_again, name="invite_again"),
    path("setup/invitations/<uuid:invitation_id>/withdraw/", staff.withdraw, name="withdraw"),
    path("setup/audit/", trail.trail, name="audit"),
]

urlpatterns = [
    path("signin/", include(SIGN_IN)),
    path("signout/", sign_in.sign_out, name="account_logout"),
    path("account/", include(ACCOUNT)),
    path("", include((PEOPLE, "people"))),
]

"""Signing in, and who works here."""

from allauth.account import views as account
from django.urls import path
from django.http import HttpResponse
from people.web.guards import public

@public
def soon(request, **kw): return HttpResponse("soon")

people = ([path("account/", soon, name="account"), path("setup/staff/", soon, name="staff")], "people")
from django.urls import include
urlpatterns = [
    path("signin/", public(account.login), name="account_login"),
    path("signout/", public(account.logout), name="account_logout"),
    path("signin/factors/", soon, name="mfa_index"),
    path("", include(people)),
]

"""Placeholder."""
from django.http import HttpResponse
from people.web.guards import public
@public
def letters(request): return HttpResponse("soon")
@public
def letter(request, letter): return HttpResponse("soon")

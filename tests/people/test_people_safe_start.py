"""A server that would run without the walls it relies on does not start."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from factories import the_clinic

from clinic.checks import refuse_unsafe_start

ROOT = Path(__file__).parents[2]


def start(**environment: str) -> str:
    """What Python says when it loads the settings with this environment."""
    done = subprocess.run(
        [sys.executable, "-c", "import clinic.settings"],
        cwd=ROOT,
        env=os.environ | {"SECRET_KEY": "x" * 60, "EMAIL_URL": "smtp://localhost:25"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def test_production_starts_with_what_it_needs() -> None:
    assert start(CLINIC_MODE="production", CLINIC_URL="https://clinic.example") == ""


def test_production_never_runs_with_debug() -> None:
    assert "DEBUG shows patients' data" in start(CLINIC_MODE="production", DEBUG="yes")


def test_production_never_runs_without_a_mail_server() -> None:
    assert "Set EMAIL_URL" in start(CLINIC_MODE="production", EMAIL_URL="")


def test_the_plain_role_starts(db: None) -> None:
    the_clinic(is_demo=False)

    refuse_unsafe_start()


@pytest.mark.django_db(transaction=True)
def test_the_demo_with_its_printed_passwords_never_runs_in_production(settings: Any) -> None:
    the_clinic(is_demo=True)
    settings.IS_PRODUCTION = True

    with pytest.raises(ImproperlyConfigured, match="demo clinic"):
        refuse_unsafe_start()


def test_a_role_that_could_switch_the_triggers_off_never_runs(db: None) -> None:
    owner = os.environ["DATABASE_OWNER_URL"].rpartition("/")[0]
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup(); from clinic.checks import *; refuse_unsafe_start()"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": f"{owner}/{connection.settings_dict['NAME']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "may change the audit trail" in done.stderr

#!/usr/bin/env python3
"""The way in: `up` runs the clinic, `test` its tests, everything else is Django's."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  (before any line that an older Python cannot even read)
    sys.exit("Rebalance Clinic needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])  # noqa: UP031

from clinic.bootstrap.entry import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))

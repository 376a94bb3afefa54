"""What stands between `python3 manage.py ...` and Django: packages, servers, and who keeps them alive.

Standard library only. It runs before anything is installed, under whatever Python 3.11 or newer the machine has.
Production (DATABASE_URL is set) walks straight through it; see docs/deploy.md and ADR 0003.
"""

"""The languages patients read: which of our words they meet, and the catalogues of them.

For developers and tests only (it needs Babel): a running clinic reads what lies compiled in `clinic/locale`.
"""

from allauth.account.forms import RequestLoginCodeForm


class PatientCodeForm(RequestLoginCodeForm):
    """Placeholder."""

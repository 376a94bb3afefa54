"""Whom the clinic treats: who they are, what they told us, what was found."""

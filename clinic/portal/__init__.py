"""The patient's doors. No models here."""

"""What the clinic does for a patient: modalities, exercises, templates and plans."""

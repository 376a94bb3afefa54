"""The project package: settings, doors, and the houses that look left at people, patients and programs."""

"""When and where: resources, shifts, appointments, and what they hold."""

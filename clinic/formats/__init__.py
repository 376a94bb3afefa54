"""How each language says dates, times and numbers, where that differs from what pages ask for."""

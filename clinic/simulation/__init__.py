"""Half a year of a made-up clinic, lived through the real actions, and every session that was given checked afterwards.

`house` builds the clinic, `person` is one patient's way through a plan, `door` what happens at a visit, `world` the
days; `rows` and `checker` look at what was given with nothing but the text of the knowledge files. Chance comes from
the seed alone, so what went wrong once goes wrong again.
"""

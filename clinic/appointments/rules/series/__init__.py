"""The plan solver: a day, time, clinician, room and devices for every session of a plan, or the reason why not.

Pure rules over free time: no database, no clock, no chance. The same problem gets the same answer on every day.

    problem    what is asked                answer    what comes back
    solving    solve, alternatives          repairing repair, repair_all, resolve_keeping
    impossible why nothing fits, and what would help
"""

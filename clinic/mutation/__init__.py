"""Do the tests notice a slip? Each small slip is made in an engine, and the engine's own tests must fail.

Our own, because mutmut leaves out every decorated function and whatever stands outside one: half of what our
engines decide is a property or a table.
"""

"""How fast the clinic is: each module measures one thing, on data and in a database of its own.

Every ratio is taken against a floor that is measured in the same minute on the same machine: absolute times of a
shared machine differ by a factor of two from one minute to the next.
"""

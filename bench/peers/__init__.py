"""Contestants made of other libraries: the same job as their documents suggest, each in an environment of its own.

What lives here: one module a contestant, and what all of them share. What may not: imports from outside this package,
for they run under interpreters that have nothing else of this project.
"""

__all__: list[str] = []

"""Every query of the slice.

Whoever settles who belongs holds the shop's segments shared (`members.hold`), then the profiles of the persons, and
reads both in later statements. Whoever publishes a version has it made for everybody by a job that first holds the
segments alone for a moment: who settled by the version before has committed then, and who comes later reads the new.
"""

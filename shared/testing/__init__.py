"""What tests of several rooms share. Services never import it.

What may not live here: a test.
"""

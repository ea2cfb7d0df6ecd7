"""Every query of the slice. Order of locks: messages, journeys, profiles, runs, consents, keys of the outbox.

Whoever holds journeys or runs waits for no message: those that somebody has locked are passed over, as that is a claim,
which judges them by their run.
"""

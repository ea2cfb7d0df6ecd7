"""persons: who is one person with whom. Identities keep what is theirs; a person is those that point to one customer.

Whoever reads pointers holds the shop with others (`hold`), whoever moves one holds it alone: what was read stays true
until the transaction ends.
"""

from services.loyalty.persons.domain import Person, Persons, alone
from services.loyalty.persons.store import hold, hold_alone, identities_of_person, is_known, note, persons_of

__all__ = ["Person", "Persons", "alone", "hold", "hold_alone", "identities_of_person", "is_known", "note", "persons_of"]

"""Fixtures of the tests of privacy."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.testing import Databases
from tests.privacy.ground import Ground, a_ground


@pytest.fixture
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    """Both services on an empty database."""
    async with a_ground(databases) as made:
        yield made

"""A service whose network fails on demand."""

from __future__ import annotations

import pytest

from infra_adapters.infrastructure import Infrastructure
from tests.infra.faults import relayed
from tests.infra.shop import MODEL


@pytest.fixture
async def broken(database_url, settings):
    """A relay that fails on demand, and the infrastructure behind it."""
    async with (
        relayed(database_url) as relay,
        Infrastructure.open(settings(url=relay.url, role="", pool_size=2), MODEL) as opened,
    ):
        yield relay, opened

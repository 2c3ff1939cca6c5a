"""Whatever the OpenAPI document allows, and much it does not, is thrown at the API: nothing breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from crowdalogue.models import Account, Conversation, User
from crowdalogue.web.server import wsgi
from tests.api.conftest import Program

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", wsgi)


@pytest.fixture
def caller(
    program: Callable[..., Program], say: Callable[..., Conversation], account: Callable[..., Account], owner: User
) -> Iterator[Program]:
    """A program of the owner, in a house where rows 1 exist, within the test's transaction: no connection is closed."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    say(extra={"a": [1, None]})
    account("webhook", secrets={"secret": "x" * 40})
    yield program(owner)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_operation(case: Any, caller: Program) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {caller.key}"}, checks=CHECKS)

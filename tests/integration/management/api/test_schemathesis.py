"""Schemathesis over the whole OpenAPI document, against the real application on a real database: whatever is sent, an answer that
the document has, never a 5xx.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis import GenerationMode

from tests.integration.management.api.conftest import Customer

pytestmark = pytest.mark.integration
# A schema cannot tell all that the service asks of a name or an address, so data that it allows may be refused (422).
CONFIG = {
    "checks": {"positive_data_acceptance": {"enabled": False}},
    "generation": {"deterministic": True, "with-security-parameters": False},
}
BOUNDS = settings(
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def api(customer: Customer) -> Any:
    config = schemathesis.Config.from_dict({**CONFIG, "base-url": customer.address})
    return schemathesis.openapi.from_url(f"{customer.address}/api/v1/openapi.json", config=config)


def strategies(operation: Any, rows: dict[str, object]) -> Iterator[Any]:
    """Requests that the document allows, for what there is and for what there may not be; and such as it forbids."""
    known = {each.name: str(rows[each.name]) for each in operation.path_parameters if each.name in rows}
    if known:
        yield operation.as_strategy(generation_mode=GenerationMode.POSITIVE, path_parameters=known)
    yield operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if operation.path_parameters or operation.query or operation.body:
        yield operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


def test_every_operation(api: Any, customer: Customer) -> None:
    for found in api.get_all_operations():
        for strategy in strategies(found.ok(), asdict(customer.rows)):

            @BOUNDS
            @given(case=strategy)
            def test(case: Any) -> None:
                case.call_and_validate(headers=customer.headers)

            test()


@pytest.mark.parametrize("number", range(6))
def test_sequences(api: Any, customer: Customer, number: int) -> None:
    """What one answer tells is what the next request asks for: things are changed, archived and removed, and asked for again.

    Answers depend on ids and times, so a sequence is not the same twice; hypothesis, which compares its examples, may give up
    over that. What was wrong until then is kept here.
    """
    seen: set[int] = set()
    wrong: list[BaseException] = []
    machine = api.as_state_machine()

    def validate(self: Any, response: Any, case: Any, **options: Any) -> None:
        seen.add(response.status_code)
        try:
            machine.validate_response(self, response, case, **options)
        except BaseException as error:
            wrong.append(error)
            raise

    headers = {"headers": customer.headers}
    sequence: Any = type(
        "Sequence", (machine,), {"get_call_kwargs": lambda _, case: headers, "validate_response": validate}
    )
    with suppress(FlakyStrategyDefinition):
        seed(number)(sequence).run(settings=settings(BOUNDS, derandomize=False, max_examples=6, stateful_step_count=10))
    assert not wrong
    assert len(seen) > 1, "what follows what is left to chance, but something must"

"""The tests of this folder run small measurements of the pages in cases/verification."""

import importlib
from types import ModuleType

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/verification" in item.path.as_posix():
            item.add_marker(pytest.mark.verification)


@pytest.fixture(scope="module")
def verify(request: pytest.FixtureRequest) -> ModuleType:
    """cases/verification/NAME/verify.py of the test module test_NAME."""
    name = request.module.__name__.removeprefix("test_")
    return importlib.import_module(f"cases.verification.{name}.verify")

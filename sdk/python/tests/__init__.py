"""Tests of what the SDK does itself, with a contract that is not there."""

import tests.contract  # noqa: F401

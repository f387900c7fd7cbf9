"""Fixtures shared by the rooms' tests live in tests/support; this file only names them."""

pytest_plugins = [
    "tests.support.chromium",
    "tests.support.logs",
    "tests.support.postgres",
    "tests.support.redis",
    "tests.support.signals",
]

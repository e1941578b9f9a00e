"""Trap tests feed the evidence of the sixteen traps of the field to the real parsers and models.

Each is marked `@pytest.mark.trap(number, behaviour)`. Where a quirk of a partner is the trap, the mark stands on the
quirk's test. The table in docs/methods.md names all of them; test_traps.py keeps it true.
"""

from tests.quirks.conftest import parse

__all__ = ["parse"]

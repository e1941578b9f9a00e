"""Readers never suffer: eight processes query what is published while edition after edition is published.

Six here, so that the oldest go; `python -m tests.faults.readers` has twenty.
"""

from pathlib import Path

from tests.faults import readers


def test_readers_meet_no_error_and_one_edition_a_session(tmp_path: Path) -> None:
    figures = readers.run(tmp_path, 8, 6)
    assert (figures.errors, figures.mixed) == ([], [])
    assert figures.editions_seen == 7
    assert figures.sessions > 8 * 6

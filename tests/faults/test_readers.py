"""Readers never suffer: eight processes query what is published while twenty editions are published."""

from pathlib import Path

from tests.faults import readers


def test_readers_meet_no_error_and_one_edition_a_session(tmp_path: Path) -> None:
    figures = readers.run(tmp_path, 8, 20)
    assert (figures.errors, figures.mixed) == ([], [])
    assert figures.editions_seen == 21
    assert figures.sessions > 8 * 20

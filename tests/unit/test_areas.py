"""What the codes of areas mean, year by year, in the seeds that are shipped: the cases that go wrong elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.quirks.warehouse import Warehouse


@pytest.fixture(scope="module")
def warehouse() -> Warehouse:
    return Warehouse({})


@pytest.fixture(scope="module")
def codes(warehouse: Warehouse) -> list[dict[str, Any]]:
    return warehouse.rows("bridge_area_code")


def meaning(codes: list[dict[str, Any]], scheme: str, code: str, year: int = 2022) -> tuple[str | None, str]:
    """ISO3 and kind of the one row that holds in the year."""
    ((iso3, kind),) = [
        (row["iso3"], row["kind"])
        for row in codes
        if (row["scheme"], row["code"]) == (scheme, code)
        and (row["valid_from"] or 0) <= year <= (row["valid_to"] or 9999)
    ]
    return iso3, kind


@pytest.mark.parametrize(
    ("scheme", "code", "year", "expected"),
    [
        ("fao", "351", 2022, (None, "aggregate")),
        ("fao", "41", 2022, ("CHN", "country")),
        ("eurostat", "EL", 2022, ("GRC", "country")),
        ("comext", "GR", 2022, ("GRC", "country")),
        ("iso2", "GR", 2022, ("GRC", "country")),
        ("eurostat", "UK", 2022, ("GBR", "country")),
        ("comext", "GB", 2019, ("GBR", "country")),
        ("world_bank", "XKX", 2022, ("XKX", "territory")),
        ("ilo", "KOS", 2022, ("XKX", "territory")),
        ("comext", "XK", 2022, ("XKX", "territory")),
        ("iso2", "XK", 2022, ("XKX", "territory")),
        ("world_bank", "CHI", 2022, ("CHI", "territory")),
        ("comext", "XS", 2022, ("SRB", "country")),
        ("fao", "15", 1995, ("BLX", "former")),
        ("m49", "058", 1995, ("BLX", "former")),
        ("fao", "206", 2000, ("XSD", "former")),
        ("fao", "276", 2022, ("SDN", "country")),
        ("m49", "729", 2022, ("SDN", "country")),
        ("iso2", "NA", 2022, ("NAM", "country")),
        ("comext", "NA", 2022, ("NAM", "country")),
        ("m49", "002", 2022, (None, "aggregate")),
    ],
)
def test_a_code_means_one_area_in_a_year(codes, scheme, code, year, expected):
    assert meaning(codes, scheme, code, year) == expected


def test_the_parts_of_the_united_kingdom_are_never_the_united_kingdom_beside_it(codes):
    """Comext's XU (without Northern Ireland) and XI stand beside GB from 2021: only one side may be counted."""
    counted = {code for code in ("GB", "XI", "XU") for row in codes
               if (row["scheme"], row["code"]) == ("comext", code) and (row["valid_to"] or 9999) >= 2021
               and row["iso3"] == "GBR"}  # fmt: skip
    assert counted in ({"GB"}, {"XI", "XU"})


def test_no_code_has_two_meanings_in_one_year(codes):
    seen: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row in codes:
        window = (row["valid_from"] or 0, row["valid_to"] or 9999)
        for first, last in seen.setdefault((row["scheme"], row["code"]), []):
            assert window[0] > last or window[1] < first, row
        seen[row["scheme"], row["code"]].append(window)


def test_namibia_is_an_area_with_its_letters(warehouse):
    (row,) = [row for row in warehouse.rows("dim_area") if row["iso3"] == "NAM"]
    assert (row["iso2"], row["m49"]) == ("NA", "516")

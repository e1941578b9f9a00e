"""A partner in trouble: only its dataset suffers, the others refresh, and everybody can see what happened."""

import dagster as dg
import duckdb
import pytest
from typer.testing import CliRunner

from ingest import months
from ingest.registry import datasets
from ingest.sandbox import Fault, SampleEdition, Sandbox
from orchestration import cli
from orchestration.instance import open_instance
from orchestration.lake_assets import REFRESHED
from tests.e2e.conftest import Platform

# Refreshed here; every other dataset stands for those that nobody asked for. `tests/faults` breaks all of them.
HEALTHY = {"ilo_sdg_a871_sex_age_rt", "ilab_goods"}
ILO = {"ilo_sdg_0831_sex_eco_rt", "ilo_sdg_a871_sex_age_rt", "ilo_source"}
WORLD_BANK = {"world_bank_country", "world_bank_wdi", "world_bank_wgi"}
UNAVAILABLE = ("failed", ["partner unavailable: HTTP 503", "the last good vintage keeps serving"])
HTML = ("failed", ["partner unavailable: an HTML page with status 200", "the last good vintage keeps serving"])

NIGHTS = {
    "one_partner_is_away": (["ilo=status:503"], dict.fromkeys(ILO, UNAVAILABLE)),
    "four_partners_in_trouble_each_of_its_own": (
        ["world_bank=html", "fao=cut", "DS-045409=rename:OBS_VALUE>VALUE_OBS", "SDG_0831_SEX_ECO_RT=scale:10"],
        {
            **dict.fromkeys(WORLD_BANK, HTML),
            "fao_qcl": (
                "failed", ["payload incomplete: a zip without its end", "expected a whole zip archive", "what to do:"],
            ),
            "eurostat_ds_045409": (
                "failed",
                [
                    "schema drift: missing columns ['OBS_VALUE']", "['VALUE_OBS']",
                    "ingest/registry/eurostat_ds_045409.yaml",
                ],
            ),
            "ilo_sdg_0831_sex_eco_rt": (
                "quarantined", ["is quarantined", "value_range", "mass_revision", "keeps serving", "what to do:"],
            ),
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize(("faults", "hurt"), NIGHTS.values(), ids=NIGHTS)
def test_only_the_broken_dataset_suffers(
    platform: Platform, faults: list[str], hurt: dict[str, tuple[str, list[str]]]
) -> None:
    before = {
        name: sorted(vintage.snapshot_id for vintage in months.serving(platform.home, dataset).values())
        for name, dataset in datasets().items()
    }
    chosen = hurt.keys() | HEALTHY
    with Sandbox(SampleEdition(), faults=[Fault.parse(fault) for fault in faults]) as sandbox:
        sandbox.touch()
        result = platform.refresh(sandbox, *chosen)

    assert not result.errors
    assert platform.statuses == dict.fromkeys(HEALTHY, "accepted") | {name: end[0] for name, end in hurt.items()}
    for name, (_status, words) in hurt.items():
        assert all(word in platform.message(name) for word in (name, *words)), platform.message(name)

    # What analysts read: the last good vintage for what is broken, the new one for what is not.
    assert result.built
    with duckdb.connect(platform.home.warehouse, read_only=True) as connection:
        serving = dict(
            connection.execute(
                "select dataset_id, list(snapshot_id order by 1) from meta.snapshot where is_serving group by all"
            ).fetchall()
        )
        outcomes = connection.execute("select dataset_id, outcome from meta.attempt").fetchall()
    for name, vintages in before.items():
        assert vintages
        assert (serving[name] != vintages) == (name in chosen - hurt.keys()), name
    ended = {name: status for name, (status, _words) in hurt.items()}
    assert {name: outcome for name, outcome in outcomes if outcome in ("failed", "quarantined")} == ended

    # What an operator sees, on the command line and in the Dagster UI.
    shown = CliRunner().invoke(cli.app, ["status"]).stdout
    line_of = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    for name in datasets():
        assert (f" {ended.get(name)} " in line_of[name]) == (name in hurt), shown
    assert all(words[0] in shown for _status, words in hurt.values())
    instance = open_instance(platform.home)
    for name, dataset in datasets().items():
        key = dg.AssetCheckKey(dg.AssetKey([dataset.partner, name]), REFRESHED)
        record = instance.get_latest_asset_check_evaluation_record(key)
        assert record is not None and record.event is not None
        evaluation = record.event.dagster_event.asset_check_evaluation_data
        assert evaluation.passed == (name not in hurt), name
        if name in hurt:
            assert hurt[name][1][0] in evaluation.description


def test_a_recovered_partner_is_accepted_without_help(platform: Platform) -> None:
    with Sandbox(SampleEdition(), faults=[Fault.parse("fao=cut")]) as sandbox:
        sandbox.touch()
        platform.refresh(sandbox, "fao_qcl")
        assert platform.statuses == {"fao_qcl": "failed"}
        sandbox.faults.clear()
        platform.refresh(sandbox, "fao_qcl")
    assert platform.statuses == {"fao_qcl": "accepted"}

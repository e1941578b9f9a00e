"""The dbt models as assets with their tests as checks, and the published warehouse."""

# No `from __future__ import annotations` here: Dagster reads the annotations of decorated functions at run time.
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets

from ingest import storage
from ingest.storage import Home
from orchestration import editions, last_build, meta, outdated, warehouse
from orchestration import publish as publishing
from orchestration.compare import compare
from orchestration.lake_assets import OWNER

POOL = "build_file"  # one writer
PUBLISHED = dg.AssetKey(["published", "alliance87"])
MAX_EXAMPLES = 5
PROJECT = DbtProject(project_dir=warehouse.DBT_PROJECT)
DBT = str(Path(__file__).with_name("dbt.sh"))
os.environ["A87_DBT"] = str(Path(sys.executable).with_name("dbt"))  # which it runs
GROUPS = {"staging": "staging", "intermediate": "intermediate", "seeds": "reference"}


class Translator(DagsterDbtTranslator):
    """Groups by layer and mart; one owner."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        schema = str(dbt_resource_props["schema"])
        return GROUPS.get(schema, schema)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return [OWNER]


def ensure_manifest() -> Path:
    """Parse the dbt project if a file of it is newer than the manifest. Needs no database and no network.

    Writes nothing where a deployment shipped the manifest: its program folder is read-only.
    """
    manifest = Path(PROJECT.manifest_path)
    if not _is_parsed(manifest):
        with storage.exclusive(manifest.with_name(".lock")):
            if not _is_parsed(manifest):
                dbt = DbtCliResource(project_dir=PROJECT, dbt_executable=DBT)
                dbt.cli(["parse", "--quiet"], target_path=manifest.parent).wait()
    return manifest


def _is_parsed(manifest: Path) -> bool:
    newest = max(file.stat().st_mtime for file in warehouse.dbt_source_files())
    return manifest.exists() and manifest.stat().st_mtime >= newest


def read_manifest() -> dict[str, Any]:
    return json.loads(ensure_manifest().read_text())  # type: ignore[no-any-return]


def dbt_definitions() -> dg.AssetsDefinition:
    @dbt_assets(manifest=ensure_manifest(), project=PROJECT, dagster_dbt_translator=Translator(), pool=POOL)
    def dbt_models(
        context: dg.AssetExecutionContext, home: dg.ResourceParam[Home], dbt: DbtCliResource
    ) -> Iterator[Any]:
        with storage.exclusive(home.build / ".lock"), last_build.noting(home, "build", context.run_id):
            selected = {".".join(key.path) for key in context.selected_asset_keys}
            known, expected = outdated.forget(home, selected), outdated.states(home, read_manifest())
            warehouse.prepare(home)
            warehouse.drop_retired(home, _relations())
            os.environ["A87_BUILD_FILE"] = str(warehouse.build_file(home))
            command = ["build", "--exclude-resource-type", "unit_test"]  # those test code, not data: `make test`
            # One target folder: dbt reuses its parsed project, and old runs do not pile up.
            invocation = dbt.cli(command, context=context, raise_on_error=False, target_path=home.build / "dbt")
            events = list(invocation.stream())  # to the end: dbt holds the file until then
            _keep_test_results(home, invocation.get_artifact("run_results.json"), invocation.manifest)
            yield from _with_row_counts(home, events, invocation.manifest)
            if not invocation.is_successful():
                raise dg.Failure(description=str(invocation.get_error()), allow_retries=False)
            outdated.remember(home, known, expected, selected)

    return dbt_models


def _relations() -> set[str]:
    """Everything that dbt makes, as `schema.name` of the build file."""
    nodes = read_manifest()["nodes"].values()
    return {f"{n['schema']}.{n['alias']}" for n in nodes if n["resource_type"] in ("model", "seed")}


def outdated_assets(home: Home) -> list[dg.AssetKey]:
    """What the warehouse job has to make: models whose inputs or code changed, and the published file. Waits for a
    build that is under way."""
    with storage.exclusive(home.build / ".lock"):
        models = outdated.models(home, read_manifest())
    return [dg.AssetKey(model.split(".")) for model in sorted(models)] + [PUBLISHED]


def _with_row_counts(home: Home, events: list[Any], manifest: Mapping[str, Any]) -> Iterator[Any]:
    """The events, materialisations with their table's rows. (dagster-dbt's own counting holds the file open.)"""
    with warehouse.open_build(home) as connection:
        for event in events:
            if isinstance(event, dg.Output | dg.AssetMaterialization):
                relation = manifest["nodes"][event.metadata["unique_id"].value]["relation_name"]
                rows = connection.execute(f"select count(*) from {relation}").fetchall()[0][0]
                event = event.with_metadata({**event.metadata, "dagster/row_count": rows})
            yield event


def _keep_test_results(home: Home, results: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Merge this run's test results into those of the build file, with failing rows fetched from it."""
    file = meta.dbt_checks_file(home)
    known = storage.read_json(file) or {}
    with warehouse.open_build(home) as connection:
        for result in results["results"]:
            node = manifest["nodes"].get(result["unique_id"])
            if node and node["resource_type"] == "test":
                passed = result["status"] == "pass"
                examples: list[dict[str, str]] = []
                if result["status"] in ("warn", "fail") and result.get("compiled_code"):
                    cursor = connection.execute(f"select * from ({result['compiled_code']}) limit {MAX_EXAMPLES}")
                    names = [column[0] for column in cursor.description or []]
                    examples = [dict(zip(names, map(str, row), strict=True)) for row in cursor.fetchall()]
                known[result["unique_id"]] = {
                    "model": _tested_model(node, manifest), "check_name": node["name"],
                    "severity": node["config"]["severity"].upper(), "passed": passed,
                    "failing_rows": result["failures"] or 0, "message": result["message"] or "",
                    "examples": examples, "error": result["message"] if result["status"] == "error" else "",
                }  # fmt: skip
    present = {uid: row for uid, row in known.items() if uid in manifest["nodes"]}
    storage.write_text(file, json.dumps(present, ensure_ascii=False, indent=1, sort_keys=True))


def _tested_model(node: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    attached = node.get("attached_node") or next(iter(node["depends_on"]["nodes"]), "")
    found = manifest["nodes"].get(attached) or manifest["sources"].get(attached)
    return f"{found['schema']}.{found['name']}" if found else ""


def publish_asset() -> dg.AssetsDefinition:
    """The file analysts read. Depends on every table of the published schemas."""
    marts = [dg.AssetKey(table.split(".")) for table in _published_models()]

    @dg.asset(
        key=PUBLISHED,
        group_name="published",
        deps=marts,
        description="The published warehouse: verified copy of the build file, swapped in by one rename, with Parquet "
        "files, data package and the three editions before it.",
        owners=[OWNER],
        kinds={"duckdb", "parquet"},
        pool=POOL,
    )
    def alliance87(context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]) -> dg.MaterializeResult[Any]:
        with storage.exclusive(home.build / ".lock"):
            older = outdated.models(home, read_manifest())
            if older:  # a vintage came in meanwhile, or models were left out by hand
                text = f"{len(older)} models are older than their inputs, such as {min(older)}; run `warehouse` again"
                raise dg.Failure(description=text, allow_retries=False)
            serving = _already_published(home)
            if serving:  # run once more: another edition would only push a kept one out
                return dg.MaterializeResult(data_version=dg.DataVersion(serving), metadata={"edition_id": serving})
            with last_build.noting(home, "publish", context.run_id):
                published = publishing.publish(home)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(published.edition_id),
            metadata={
                "edition_id": published.edition_id,
                "file": dg.MetadataValue.path(published.file),
                **{f"rows {table}": count for table, count in published.rows.items()},
            },
        )

    return alliance87


def _already_published(home: Home) -> str:
    """The id of the edition that serves if it was made of the same inputs and holds the same figures, else nothing."""
    published = editions.published_edition(home)
    if published is None or published["inputs_fingerprint"] != warehouse.inputs_fingerprint(home):
        return ""
    _equal, differs = compare(home)
    return "" if differs else str(published["edition_id"])


def _published_models() -> list[str]:
    nodes = read_manifest()["nodes"].values()
    return sorted(
        f"{node['schema']}.{node['name']}"
        for node in nodes
        if node["resource_type"] == "model" and node["schema"] in publishing.SCHEMAS
    )

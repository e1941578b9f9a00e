"""The command line `a87`. Dagster is imported only by commands that run something, so that others answer at once."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingest import lake, months, storage
from ingest.redaction import printable
from ingest.registry import datasets, partners
from ingest.storage import Home, sql_text
from orchestration import analyst, editions, machine, publish
from orchestration import status as status_page

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Alliance 8.7 supply-chain data platform. Data lie in A87_HOME (default ./data).",
)  # fmt: skip
console = Console(width=None if sys.stdout.isatty() else 200)
FaultOption = Annotated[
    list[str] | None, typer.Option("--fault", help="Break the sandbox, e.g. ilo=status:503 (sample, recorded only).")
]


@app.command()
def refresh(
    partner: Annotated[
        str | None, typer.Option(help="Only this partner: fao, ilo, world_bank, eurostat, ilab.")
    ] = None,
    dataset: Annotated[
        list[str] | None, typer.Option("--dataset", help="Only this dataset, e.g. fao_qcl; may be given several times.")
    ] = None,
    edition: Annotated[str, typer.Option(help="live, sample or recorded.")] = os.environ.get("A87_EDITION", "live"),
    recordings: Annotated[
        Path | None, typer.Option(help="Folder of recorded payloads, for --edition recorded.")
    ] = None,
    fault: FaultOption = None,
) -> None:
    """Ask the partners what moved, fetch that, check it, rebuild and publish if anything changed.

    Exit code 1 if a dataset failed or was quarantined (the others are published all the same), 2 if the build failed.
    """
    _check_options(edition, recordings)
    try:
        code = _refresh(_chosen(partner, dataset or []), edition, recordings, fault or [])
    finally:
        _tell()
    raise typer.Exit(code)


@app.command()
def rebuild() -> None:
    """Make lake, build and published edition anew from the raw store alone, and say which tables are equal.

    Exit code 1 if a delivery could not be made anew (all others are), 2 if the build failed.
    """
    from orchestration.rebuild import rebuild as anew

    def say(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True, markup=False)

    done = anew(Home.from_env(), say)
    for text in (*done.troubles, *done.errors):
        console.print(f"[bold red]error[/] {escape(text)}", highlight=False, soft_wrap=True)
    if not done.errors:
        say(f"{len(done.equal)} tables are equal to the published ones, {len(done.differs or {})} are not")
        for table, difference in (done.differs or {}).items():
            say(f"{table}: {difference}")
        say("a new edition was published" if done.published else "nothing was published: all figures are the same")
    raise typer.Exit(done.exit_code)


@app.command()
def demo() -> None:
    """Run the whole job on the bundled sample edition and show what came out."""
    began = time.monotonic()
    code = _refresh(list(datasets()), "sample", None, [])
    if code:
        raise typer.Exit(code)
    _show_checks()
    _show_marts(Home.from_env())
    console.print(f"\nThe job took {time.monotonic() - began:.0f} s.", highlight=False)
    console.print(
        "Next:  make dev  (Dagster UI on http://127.0.0.1:3000)   "
        'a87 query "from country_progress.mart_progress limit 10"   a87 status',
        highlight=False, soft_wrap=True,
    )  # fmt: skip


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list for programs: all moments and flags.")] = False,
) -> None:
    """When each partner last changed a dataset, when we asked and accepted, who is late, and the checks."""
    home = Home.from_env()
    if as_json:
        typer.echo(json.dumps(status_page.records(home), ensure_ascii=False, indent=1))
        return
    console.print(status_page.table(home))
    for trouble in status_page.troubles(home):
        console.print(trouble, highlight=False, soft_wrap=True)
    _show_published(home)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="SQL on the published warehouse: it can read that, and nothing else.")],
    output: Annotated[str, typer.Option("--format", help="table, csv or json; table on a terminal, else csv.")] = "",
) -> None:
    """Run SQL on the published warehouse. A refresh may go on at the same time.

    In CSV a text that begins like a formula gets an apostrophe in front, so that spreadsheets show it as text.
    """
    output = output or ("table" if console.is_terminal else "csv")
    if output not in ("table", "csv", "json"):
        raise typer.BadParameter("choose table, csv or json", param_hint="--format")
    home = Home.from_env()
    if not home.warehouse.exists():
        console.print(f"nothing is published in {home.published} yet: run `make demo` or `a87 refresh`")
        raise typer.Exit(1)
    try:
        with analyst.open_warehouse(home) as connection:
            cursor = connection.execute(sql)
            names, rows = [c[0] for c in cursor.description or []], analyst.batches(cursor)
            if output == "table":
                _print_table(names, rows)
            else:
                analyst.WRITERS[output](sys.stdout, names, rows)
    except duckdb.Error as error:
        typer.echo(f"query failed: {error}", err=True)
        raise typer.Exit(1) from error
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="sql") from error


@app.command()
def rollback(
    edition_id: Annotated[
        str | None, typer.Argument(help="Kept edition; default: the one before that which serves.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; shown in `a87 status`.")] = "by hand",
    show: Annotated[bool, typer.Option("--list", help="Only list the kept editions.")] = False,
    end: Annotated[bool, typer.Option("--end", help="Lift the hold of an earlier rollback.")] = False,
) -> None:
    """Serve an edition that was kept, and publish nothing new until `--end`."""
    home = Home.from_env()
    if show:
        serving = editions.serving(home)
        for name in editions.kept(home):
            console.print(f"{name}{'  serves' if name == serving else ''}", highlight=False)
    elif end:
        lifted = editions.end_rollback(home)
        console.print("the next refresh publishes what is due" if lifted else "there is no hold", highlight=False)
    else:
        try:
            chosen = editions.roll_back(home, edition_id, reason)
        except editions.RollbackRefused as error:
            typer.echo(f"rollback refused: {error}", err=True)
            raise typer.Exit(1) from error
        console.print(f"edition {chosen} serves, and is held until `a87 rollback --end`", highlight=False)


@app.command("as-of")
def as_of(
    dataset_id: Annotated[str, typer.Argument(help="Dataset of the registry, such as fao_qcl.")],
    moment: Annotated[
        datetime, typer.Argument(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="UTC; a day means its first moment.")
    ],
    to: Annotated[Path, typer.Option(help="File to write, .parquet or .csv.")],
) -> None:
    """Write a dataset as the partner had delivered it by a moment, out of the vintages in the lake."""
    if dataset_id not in datasets():
        raise typer.BadParameter(f"no dataset {dataset_id}; `a87 status` lists them", param_hint="DATASET_ID")
    if to.suffix not in (".parquet", ".csv"):
        raise typer.BadParameter("choose a name that ends in .parquet or .csv", param_hint="--to")
    home, asked = Home.from_env(), moment.replace(tzinfo=UTC)
    parts = months.parts(home, datasets()[dataset_id])
    try:
        served = [found for part in parts if (found := lake.served_at(home, part.id, asked))]
    except lake.VintageGone as error:
        typer.echo(f"{dataset_id}: {error} (A87_KEEP_VINTAGE_DAYS, docs/deploy.md)", err=True)
        raise typer.Exit(1) from error
    if not served:
        typer.echo(f"{dataset_id}: nothing had been accepted by {moment} UTC", err=True)
        raise typer.Exit(1)
    rows = " union all by name ".join(f"from read_parquet({sql_text(vintage.data)})" for _since, vintage in served)
    with lake.connect() as connection:
        analyst.copy_rows(connection, rows, to)
    for since, vintage in served:
        console.print(f"{vintage.snapshot_id}, which served from {since:%F %T} UTC: {vintage.meta['rows']} rows")


@app.command()
def dev(port: Annotated[int, typer.Option(help="Port of the Dagster UI on 127.0.0.1.")] = 3000) -> None:
    """Open the Dagster UI with the daemon on this data root, until interrupted."""
    from orchestration.instance import CONFIG, dagster_home

    home = Home.from_env()
    os.environ["A87_HOME"] = str(home.root)  # the services run in DAGSTER_HOME
    os.chdir(dagster_home(home))
    workspace = str(CONFIG.with_name("workspace.yaml"))
    command = [
        str(Path(sys.executable).with_name("dagster")),
        "dev",
        "-w",
        workspace,
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    console.print(f"Dagster UI: http://127.0.0.1:{port}", highlight=False)
    os.execv(command[0], command)


@app.command()
def tidy(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would go.")] = False,
) -> None:
    """Delete runs, logs, quarantined deliveries and old vintages that are past their limits (docs/deploy.md)."""
    from ingest.storage import utcnow
    from orchestration import retention
    from orchestration.instance import open_instance

    home = Home.from_env()
    tidied = retention.tidy(home, open_instance(home), utcnow(), dry_run=dry_run)
    for name in (*tidied.vintages, *tidied.quarantined, *tidied.deliveries, *tidied.leftovers):
        typer.echo(name)
    typer.echo(f"{'would go' if dry_run and not tidied.refused else 'tidied'}: {tidied}")


@app.command()
def alert(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what is wrong as messages; send nothing.")] = False,
) -> None:
    """Tell the channels of A87_ALERT_URLS what went wrong and what is over, as the sensor `incidents` does.

    Exit code 1 if a channel took no message.
    """
    from orchestration import alerts

    home = Home.from_env()
    if dry_run:
        for title, body in alerts.preview(home):
            typer.echo(f"{title}\n{body}\n")
        return
    if not alerts.channels_of_env():
        raise typer.BadParameter("set A87_ALERT_URLS (docs/deploy.md)")
    told = alerts.tell(home)
    typer.echo(str(told))
    raise typer.Exit(1 if told.failed else 0)


@app.command()
def health() -> None:
    """One line a problem, and exit code 1 if there is any: for cron or an uptime monitor."""
    from orchestration import alerts

    lines = alerts.health(Home.from_env())
    for line in lines or ["all is well"]:
        typer.echo(line)
    raise typer.Exit(1 if lines else 0)


@app.command()
def serve(
    role: Annotated[str, typer.Argument(help="code, ui (read-only), admin or daemon.")],
    host: Annotated[
        str, typer.Option(help="Address to listen on; leave it unless a proxy stands before it.")
    ] = "127.0.0.1",
) -> None:
    """Run one process of a deployment until it is stopped; deploy/ starts them under systemd or compose."""
    from orchestration import services

    try:
        services.serve(Home.from_env(), role, host)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    recordings: Annotated[Path | None, typer.Option(help="Serve this folder in place of the sample edition.")] = None,
    fault: FaultOption = None,
) -> None:
    """Serve the partners' stand-in until interrupted, to look at with a browser or curl."""
    from ingest.sandbox import Fault, Recordings, SampleEdition, Sandbox

    played = Recordings(recordings) if recordings else SampleEdition()
    with Sandbox(played, faults=[Fault.parse(text) for text in fault or []]) as server:
        example = "bulks-faostat.fao.org/production/datasets_E.json"
        console.print(f"{server.url}/<host>/<path>, e.g. {server.url}/{example}", soft_wrap=True)
        while True:
            time.sleep(3600)


# --- refresh ---------------------------------------------------------------------------------------------------------


def _refresh(chosen: list[str], edition: str, recordings: Path | None, faults: list[str]) -> int:
    from orchestration.instance import LOCK
    from orchestration.resources import Partners
    from orchestration.run import refresh_and_publish
    from orchestration.terminal import TerminalReporter

    home = Home.from_env()
    # Bound to today's stdout: while dbt works, its own output goes to the log.
    reporter = TerminalReporter(Console(file=sys.stdout, width=console.width))
    played = bool(recordings or faults)  # then by a sandbox of this run's own, not by the one that runs
    sandbox_url = "" if played else os.environ.get("A87_SANDBOX_URL", "")
    door = Partners(edition=edition, recordings=str(recordings or ""), faults=faults, sandbox_url=sandbox_url)
    try:
        storage.check_writable(home)
        if storage.is_held(home.dagster / LOCK):
            console.print("another refresh is at work on this data root: waiting for it", highlight=False)
        with reporter.showing(len(chosen)):
            result = refresh_and_publish(home, door, reporter, chosen)
    except Exception as error:
        told = machine.trouble(home, error)
        if not told:
            raise
        _show_errors([told])
        return 2
    _show_errors(result.errors)
    if result.errors and (advice := machine.advice(home, " ".join(result.errors))):
        console.print(advice, highlight=False, soft_wrap=True)
    if result.built:
        console.print(f"the warehouse was rebuilt (log: {result.log})", highlight=False, soft_wrap=True)
    elif not result.errors:
        console.print("nothing the warehouse is built from has changed: nothing was rebuilt", highlight=False)
    _show_published(home)
    return 2 if result.errors else 1 if any(not o.is_good for o in reporter.outcomes) else 0


def _show_errors(errors: list[str]) -> None:
    for error in errors:
        console.print(f"[bold red]error[/] {escape(error)}", highlight=False, soft_wrap=True)


def _tell() -> None:
    """Alerts at the end of a refresh; that they fail does not change how the refresh ended."""
    if os.environ.get("A87_ALERT_URLS"):
        from orchestration import alerts

        try:
            told = alerts.tell(Home.from_env())
        except OSError as error:
            typer.echo(f"alerts: nobody was told: {error}", err=True)
        else:
            if told.failed:
                typer.echo(f"alerts: {told}", err=True)


def _chosen(partner: str | None, named: list[str]) -> list[str]:
    """Ids of the datasets to refresh: the named ones, else the partner's, else all."""
    if partner is not None and named:
        raise typer.BadParameter("name a partner or datasets, not both", param_hint="--dataset")
    if partner is not None and partner not in partners():
        raise typer.BadParameter(f"{partner!r} is none of {', '.join(partners())}", param_hint="--partner")
    if unknown := [name for name in named if name not in datasets()]:
        raise typer.BadParameter(
            f"no dataset {', '.join(unknown)} in the registry; `a87 status` lists them", param_hint="--dataset"
        )
    return [name for name, d in datasets().items() if (name in named if named else partner in (None, d.partner))]


def _check_options(edition: str, recordings: Path | None) -> None:
    if edition not in ("live", "sample", "recorded"):
        raise typer.BadParameter("choose live, sample or recorded", param_hint="--edition")
    if edition == "recorded" and (recordings is None or not recordings.is_dir()):
        raise typer.BadParameter("name a folder of recorded payloads", param_hint="--recordings")


# --- output ----------------------------------------------------------------------------------------------------------


def _show_published(home: Home) -> None:
    try:
        edition = editions.published_edition(home)
    except editions.WarehouseDamaged as error:
        _show_errors([str(error)])
        return
    if edition is None:
        console.print("nothing is published yet", highlight=False)
        return
    console.print(
        f"published: {home.warehouse} (edition {edition['edition']}, {edition['edition_id']})",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    held = editions.hold(home)
    if held:
        console.print(
            f"[bold red]held[/] by a rollback since {held['since']}: {escape(held['reason'])}",
            highlight=False, soft_wrap=True,
        )  # fmt: skip


def _show_checks() -> None:
    home = Home.from_env()
    table = Table("dataset", "rows", "synthetic rows", "checks passed", "checks warned", title="Checks", box=None)
    with editions.open_published(home) as connection:
        rows = connection.execute("""
            with judged as (
                select snapshot_id, count(*) filter (passed) as passed, count(*) filter (not passed) as warned
                from meta.check_result group by 1)
            select dataset_id, sum(rows)::bigint, sum(synthetic_rows)::bigint, sum(passed)::bigint, sum(warned)::bigint
            from meta.snapshot join judged using (snapshot_id) where is_serving group by 1 order by 1""").fetchall()
        tests = connection.execute("""
            select 'dbt tests', null, null, count(*) filter (passed), count(*) filter (not passed)
            from meta.check_result where kind = 'dbt_test'""").fetchall()
    for row in [*rows, *tests]:
        table.add_row(*map(_cell, row))
    console.print(table)


def _show_marts(home: Home) -> None:
    with editions.open_published(home) as connection:
        for mart in publish.MARTS:
            total, synthetic = connection.execute(
                f"select count(*), count(*) filter (is_synthetic) from {mart}"
            ).fetchall()[0]
            console.print(f"\n{mart}: {total} rows, {synthetic} of them with generated (synthetic) figures")
            cursor = connection.execute(f"select * from {mart} using sample 3 rows (reservoir, 87)")
            names, rows = [c[0] for c in cursor.description or []], cursor.fetchall()
            table = Table("column", "row 1", "row 2", "row 3", box=None, show_header=False)
            for name, cells in zip(names, zip(*rows, strict=True), strict=True):
                table.add_row(name, *(_cell(None if cell is None else str(cell)[:60]) for cell in cells))
            console.print(table)


def _print_table(names: list[str], rows: Iterator[list[tuple[Any, ...]]]) -> None:
    table = Table(*map(escape, names), box=None)
    for row in analyst.held_at_once(rows):
        table.add_row(*map(_cell, row))
    console.print(table)


def _cell(value: Any) -> str:
    """Text for a table; square brackets in data are no markup."""
    return "" if value is None else escape(printable(str(value)))

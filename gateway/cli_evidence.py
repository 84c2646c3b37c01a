"""`anxin evidence`: a bundle verified anywhere, the station's own chain gone through, the key that signs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from gateway.settings import read_settings, require


@click.group()
def evidence() -> None:
    """Evidence: verify a bundle, go through the whole chain, show the key that signs."""


@evidence.command("verify")
@click.argument("bundle", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--key", help="The fingerprint the station told you, on another way than the bundle.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def evidence_verify(bundle: Path, key: str | None, as_json: bool) -> None:
    """Say whether BUNDLE is what was sealed, to the bit; where it is not, say where. Exit code 1 when it is not.

    Needs nothing but the file: no network, no database, no setting.
    """
    from gateway.evidence.verify import verify_file  # noqa: PLC0415  # keep `anxin --help` quick

    report = verify_file(bundle, key)
    if as_json:
        told = {
            "whole": report.is_whole, "signer": report.signer, "findings": [one._asdict() for one in report.findings],
            **{name: report.manifest.get(name) for name in ("bundle", "station", "incident", "recipient", "at")},
        }  # fmt: skip
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        for one in report.findings:
            click.echo(f"{'ok  ' if one.is_right else 'FAIL'}  {one.what:<9} {one.where}")
        click.echo("完整 whole" if report.is_whole else "不完整 NOT whole")
    if not report.is_whole:
        sys.exit(1)


@evidence.command("check")
def evidence_check() -> None:
    """Go through this station's chain: every record, content and signed head. Exit code 1 at the first fault."""
    from gateway.evidence.check import check  # noqa: PLC0415
    from gateway.evidence.signing import signer_of  # noqa: PLC0415
    from gateway.sealing import sealer_of  # noqa: PLC0415
    from gateway.store.pool import connect, reaching_store  # noqa: PLC0415

    settings = read_settings()
    require(settings, "database_url")
    sealer = sealer_of(settings)
    with reaching_store(), connect(settings.database, "evidence check") as connection:
        found = check(
            connection, sealer, signer_of(sealer), settings.station,
            lambda done, of: click.echo(f"  {done:,} of {of:,} records", err=True),
        )  # fmt: skip
    click.echo(f"{found.records:,} records, {found.contents:,} contents, {found.heads:,} signed heads")
    if found.wrong is not None:
        click.echo(f"FAIL  {found.wrong}")
        sys.exit(1)
    click.echo("whole")


@evidence.command("key")
def evidence_key() -> None:
    """Show the public key that signs this station's evidence, and its fingerprint. Tell it to whoever gets a bundle."""
    from gateway.evidence.signing import signer_of  # noqa: PLC0415
    from gateway.sealing import sealer_of  # noqa: PLC0415

    signer = signer_of(sealer_of(read_settings()))
    click.echo(signer.public.decode().strip())
    click.echo(f"fingerprint {signer.fingerprint}")

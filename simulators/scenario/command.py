"""`scenario`: list, tell, judge and play what happens in the town."""

import json
import os
import sys
from datetime import date, datetime
from pathlib import Path
from typing import get_args

import click

from simulators import options
from simulators.clock import VARIABLE, ClockError, read_clock
from simulators.credentials import CredentialsError, read_credentials
from simulators.scenario.file import ScenarioError, find, names
from simulators.scenario.form import Scenario
from simulators.scenario.ground import read_ground
from simulators.scenario.happened import read_happened
from simulators.scenario.judge import Judgement, report
from simulators.scenario.judge import judge as judge_all
from simulators.scenario.ordinary import ordinary_life
from simulators.scenario.plan import Plan, plan_of
from simulators.scenario.play import play as play_live
from simulators.scenario.play import refusal
from simulators.scenario.span import Language, say_span
from simulators.scenario.tell import lines
from simulators.scenario.timeline import timeline
from simulators.scenario.watch import Watch
from simulators.site_file import SiteError


class Mistake(click.ClickException):
    """What the user can mend; ends with 2, so that 1 always means that the statement does not hold."""

    exit_code = 2


def _day(_context: click.Context, _option: click.Parameter, text: str) -> date:
    """Read a date, or the date of a time."""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError as error:
        raise click.BadParameter(f"{error}: write a date such as 2026-11-23") from error


_begin = click.option(
    "--begin",
    "day",
    required=True,
    callback=_day,
    help="The day, such as 2026-11-23 (a full time is cut to its date); the scenario says the time of day.",
)
_language = click.option(
    "--language", default="en", show_default=True, type=click.Choice(get_args(Language)), help="Of what people read."
)
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")


@click.group(short_help="What happens in the town, and what must come of it.")
def scenario() -> None:
    """Scenarios: something happens in the town, and what the gateway must make of it.

    NAME is a name that `list` shows, or the path of a scenario file (docs/scenarios.md explains the format). The seed
    chooses the cast. Some scenarios need more people than the small demo station has: give them a county town with
    --site, as `python -m simulators site` makes it.
    """


@scenario.command("list")
@_language
@_json
def list_scenarios(*, language: Language, as_json: bool) -> None:
    """Name all scenarios, with what they show."""
    found = [_found(name) for name in names()]
    if as_json:
        click.echo(json.dumps([_public(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        click.echo(f"{one.id:28} {getattr(one.title, language)}")
        click.echo(f"{'':28} {getattr(one.shows, language)}")


@scenario.command()
@click.argument("name")
@options.site
@options.seed
@_begin
@click.option("--quiet-town", is_flag=True, help="Ordinary life of the cast only; much faster to read.")
def tell(*, name: str, site_path: Path, seed: int, day: date, quiet_town: bool) -> None:
    """Print a scenario as history: JSON lines of ordinary life and what happens in it, sorted by time.

    The first line says from when to when: {"scenario", "since", "begin", "until"}. The same arguments always
    print the same bytes.
    """
    plan = _plan(name, site_path, seed, day)
    try:
        happens = timeline(plan, ordinary_life(plan, site_path, quiet_town=quiet_town))
        for line in lines(plan, happens):
            click.echo(line)
        sys.stdout.flush()
    except SiteError as error:
        raise Mistake(str(error)) from error
    except BrokenPipeError:
        # The reader has seen enough. Python would otherwise complain once more when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@scenario.command()
@click.argument("name")
@options.site
@options.seed
@_begin
@_language
@_json
def judge(*, name: str, site_path: Path, seed: int, day: date, language: Language, as_json: bool) -> None:
    """Hold a scenario's statement against what happened, read from stdin.

    One JSON object a line: {"at", "kind": "alert|work_item|incident|notification|rung", "body": {...}}, each the
    thing as it stands after a change. Ends with 0 when everything holds, with 1 when something doesn't, with 2 when
    it cannot be judged.
    """
    plan = _plan(name, site_path, seed, day)
    try:
        found = judge_all(plan, read_happened(sys.stdin))
    except ScenarioError as error:
        raise Mistake(str(error)) from error
    _conclude(found, language, as_json=as_json)


@scenario.command()
@click.argument("name")
@options.site
@options.seed
@options.credentials
@click.option("--api", required=True, help="The API's address, such as http://127.0.0.1:8000.")
@click.option("--user", required=True, help="A user who sees the whole station, such as operator.")
@click.option(
    "--password",
    required=True,
    envvar="ANXIN_SCENARIO_PASSWORD",
    show_envvar=True,
    help="The user's password; better in the environment, for everybody on the machine may read a command line.",
)
@_language
@_json
def play(
    *,
    name: str,
    site_path: Path,
    seed: int,
    credentials_path: Path,
    api: str,
    user: str,
    password: str,
    language: Language,
    as_json: bool,
) -> None:
    """Play a scenario on a running system, in real time from now on, and judge what the system makes of it.

    Its events are said over MQTT as the devices would, whatever the time of day; the town may live on beside it.
    Scenarios that mute or hold back messages, that need somebody to act at the gateway, or that last longer than 30
    minutes are refused. With ANXIN_CLOCK in the environment it keeps that clock, as the system then does. Ends as
    `judge` does.

    \b
    In the demo:
      export ANXIN_SCENARIO_PASSWORD=...
      python -m simulators scenario play school-alarm --site .anxin/site.yaml \\
          --credentials .anxin/devices.json --api http://127.0.0.1:8000 --user operator
    """  # noqa: D301, \b is how click is told to keep lines as they are
    chosen = _found(name)
    if (why := refusal(chosen)) is not None:
        raise Mistake(why)
    lasts = say_span(chosen.lasts, language)
    takes = f"：实时播放，需要 {lasts}" if language == "zh" else f": in real time, this takes {lasts}"
    click.echo(getattr(chosen.title, language) + takes, err=True)
    try:
        found = play_live(
            chosen,
            read_ground(site_path),
            seed,
            credentials=read_credentials(credentials_path),
            watch=Watch(api, user, password),
            clock=read_clock(os.environ.get(VARIABLE)),
            tell=lambda text: click.echo(text, err=True),
        )
    except (ScenarioError, SiteError, CredentialsError, ClockError) as error:
        raise Mistake(str(error)) from error
    _conclude(found, language, as_json=as_json)


def _conclude(found: Judgement, language: Language, *, as_json: bool) -> None:
    click.echo(json.dumps(found.public(), ensure_ascii=False) if as_json else report(found, language))
    raise SystemExit(0 if found.holds else 1)


def _found(name: str) -> Scenario:
    try:
        return find(name)
    except ScenarioError as error:
        raise Mistake(str(error)) from error


def _plan(name: str, site_path: Path, seed: int, day: date) -> Plan:
    try:
        return plan_of(find(name), read_ground(site_path), seed, day)
    except (ScenarioError, SiteError) as error:
        raise Mistake(str(error)) from error


def _public(one: Scenario) -> dict[str, object]:
    return {
        "id": one.id,
        "title": {"zh": one.title.zh, "en": one.title.en},
        "shows": {"zh": one.shows.zh, "en": one.shows.en},
        "begins": one.begins,
        "warm_up_s": one.warm_up.total_seconds(),
        "lasts_s": one.lasts.total_seconds(),
        "live": refusal(one) is None,
    }

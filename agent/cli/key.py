"""`amef key`: the API key on this machine. It is typed or piped in, never an argument, never shown.

    set      checks the form, keeps the old one as FILE.previous, writes the new one
    rotate   the same, after the cloud itself has taken the new one
    check    whose key it is, what it may do, and what it would be lacking for

A running agent takes a new file by itself, within a second; nothing is restarted.
"""

import getpass
import os
import sys
from collections.abc import MutableMapping
from contextlib import closing
from pathlib import Path
from typing import Any

import typer

from agent.cli.common import Config, Json, print_json
from agent.cli.output import Lang, Language, RefusedHere, refusals, table
from agent.cloud.client import CloudError
from agent.cloud.keys import FILE_BYTES_MAX, ApiKey, KeyFile, key_file, load_keys, parse
from agent.cloud.trial import MORE, NEEDED, KeyProof, Row, Trial, client_of, try_key
from agent.exits import Exit
from config import settings
from config.settings import ConfigError, Settings

app = typer.Typer(no_args_is_help=True, help="The API key: set it, check it, change it.")

# No argument is asked for; who gives one is told what that means for a key.
TAKES_NONE = {"allow_extra_args": True}
CREDENTIAL_FOLDER = "/run/credentials/amef-agent.service"
SYSTEMD = (
    "systemd-creds encrypt --with-key=host --name=api-key -"
    " /etc/credstore.encrypted/amef-agent.api-key && systemctl restart amef-agent"
)

FOR = {
    "devices": ("lista caselor de marcat", "the list of devices"),
    "list": ("comenzile de la cloud", "commands from the cloud"),
    "claim": ("preluarea unei comenzi", "claiming a command"),
    "result": ("rezultatul unei comenzi", "a command's result"),
    "device_status": ("starea casei de marcat", "the device's status"),
    "upload": ("rapoartele X, Z, MF, JE", "the device's reports (X, Z, MF, JE)"),
    "sync": ("totul într-o singură cerere", "everything in one request"),
    "receipt": (
        "bonurile în lista cloud-ului (opțional)",
        "receipts in the cloud's list (optional)",
    ),
    "report": (
        "rapoartele în lista cloud-ului (opțional)",
        "reports in the cloud's list (optional)",
    ),
}
SAID = {
    KeyProof.PROVEN: ("da, dovedit", "yes, proven"),
    KeyProof.LACKING: ("NU", "NO"),
    KeyProof.UNPROVEN: ("nu se poate dovedi fără a scrie", "cannot be proven without writing"),
    KeyProof.ABSENT: ("cloud-ul nu are așa ceva", "this cloud has no such thing"),
}


@app.command("set", context_settings=TAKES_NONE)
def set_(given: typer.Context, config: Config, lang: Lang) -> None:
    """Take a new key from the terminal (hidden) or from stdin, and write it down."""
    loaded = settings.load(config)
    with refusals(lang, as_json=False):
        file = _writable(loaded)
        key = _typed(loaded, given.args, lang)
        _place(file, key, lang)


@app.command(context_settings=TAKES_NONE)
def rotate(given: typer.Context, config: Config, lang: Lang) -> None:
    """Take a new key, have the cloud take it, then write it down; the agent goes on with it."""
    loaded = settings.load(config)
    with refusals(lang, as_json=False):
        file = _writable(loaded)
        key = _typed(loaded, given.args, lang)
        _need_taken(_tried(loaded, key), lang)
        _place(file, key, lang)


@app.command()
def check(config: Config, lang: Lang, as_json: Json = False) -> None:
    """Say whose key it is and what it may do, by calls that change nothing."""
    loaded = settings.load(config)
    with refusals(lang, as_json=as_json):
        key = load_keys(loaded, _environ()).current
        trial = _tried(loaded, key)
        if as_json:
            print_json(_as_json(loaded, key, trial))
        else:
            _tell(loaded, key, trial, lang)
    if trial.refused or trial.lacking(NEEDED):
        raise typer.Exit(Exit.NO)


def _environ() -> MutableMapping[str, str]:
    """Our environment; beside a running service also its credential, which root may read."""
    environ = dict(os.environ)
    if "CREDENTIALS_DIRECTORY" not in environ and Path(CREDENTIAL_FOLDER, "api-key").exists():
        environ["CREDENTIALS_DIRECTORY"] = CREDENTIAL_FOLDER
    return environ


def _writable(loaded: Settings) -> KeyFile:
    """Return the file that is ours to write.

    Raises:
        RefusedHere: the key comes from systemd.
    """
    file = key_file(loaded, os.environ)
    if loaded.cloud.api_key_file is not None and file is not None and not file.guarded:
        return file
    raise RefusedHere(
        "key_from_systemd",
        ro="Cheia vine de la systemd (cloud.api_key_file lipsește din configurație), iar acolo "
        "scrie numai root. Dați comanda de mai jos ca root, lipiți cheia, apoi Enter și Ctrl-D.",
        en="The key comes from systemd (the configuration has no cloud.api_key_file), and only "
        "root writes there. Run this command as root, paste the key, then Enter and Ctrl-D.",
        detail=SYSTEMD,
    )


def _typed(loaded: Settings, given: list[str], lang: Language) -> ApiKey:
    if given:
        raise RefusedHere(
            "key_as_argument",
            ro="Cheia nu se dă ca argument: rămâne în istoricul comenzilor și s-a văzut în lista "
            "de procese. Ștergeți această cheie în cloud, faceți alta și lipiți-o când se cere.",
            en="The key is never an argument: it stays in the shell's history and was to be seen "
            "in the list of processes. Delete that key in the cloud, make another, and paste it "
            "when asked.",
        )
    if sys.stdin.isatty():
        try:
            secret = getpass.getpass(lang.say("Cheia API (nu se vede): ", "API key (hidden): "))
        except EOFError:
            raise typer.Abort from None
    else:
        secret = sys.stdin.buffer.read(FILE_BYTES_MAX).decode("utf-8", "replace")
    try:
        return parse(secret.strip(), "stdin", loaded.cloud.profile)
    except ConfigError as error:
        raise RefusedHere(
            "key_form",
            ro="Cheia nu a fost scrisă: nu este una cu care agentul poate lucra aici.",
            en="The key was not written: it is not one the agent can work with here.",
            detail=str(error).removeprefix("stdin: "),
        ) from None


def _tried(loaded: Settings, key: ApiKey) -> Trial:
    try:
        with closing(client_of(loaded, key)) as client:
            device_id = loaded.device[0].id if len(loaded.device) == 1 else ""
            return try_key(client, settings.profiles()[loaded.cloud.profile], device_id)
    except CloudError as error:
        raise RefusedHere(
            "cloud_not_reached",
            ro="Cloud-ul nu a putut fi întrebat; nu s-a schimbat nimic.",
            en="The cloud could not be asked; nothing was changed.",
            detail=key.hidden_in(str(error)),
        ) from error


def _need_taken(trial: Trial, lang: Language) -> None:
    if trial.refused:
        raise RefusedHere(
            "key_refused",
            ro="Cloud-ul nu primește cheia nouă; cea veche rămâne în folosință.",
            en="The cloud does not take the new key; the old one stays in use.",
            detail=trial.refused,
        )
    _tell_missing(trial, lang)


def _tell_missing(trial: Trial, lang: Language) -> None:
    for row in trial.lacking((*NEEDED, *MORE)):
        scopes, what = " ".join(row.scopes), lang.say(*FOR[row.call])
        said = lang.say("lipsește dreptul", "lacking scope")
        typer.echo(f"amef: {said} {scopes}: {what}", err=True)


def _place(file: KeyFile, key: ApiKey, lang: Language) -> None:
    before = _before(file)
    try:
        file.place(key.secret)
    except OSError as error:
        raise RefusedHere(
            "key_not_written",
            ro="Cheia nu a putut fi scrisă. Rulați comanda cu sudo.",
            en="The key could not be written. Run this command with sudo.",
            detail=f"{file.path}: {error.strerror}",
        ) from error
    typer.echo(f"{file.path}: {lang.say('cheia este scrisă', 'the key is written')} (0600)")
    if before is not None and before.secret != key.secret:
        typer.echo(
            lang.say(
                f"{file.previous}: cea veche, până când cea nouă a mers",
                f"{file.previous}: the old one, until the new one has worked",
            )
        )
    if before is not None and not before.same_world(key):
        typer.echo(
            lang.say(
                "Cheia este a altei organizații sau a altui mediu: systemctl restart amef-agent",
                "The key is of another organization or environment: systemctl restart amef-agent",
            )
        )


def _before(file: KeyFile) -> ApiKey | None:
    try:
        return file.read()
    except ConfigError:
        return None


def _tell(loaded: Settings, key: ApiKey, trial: Trial, lang: Language) -> None:
    say = lang.say
    environment = say("reală (live)", "live") if key.live else say("de probă (test)", "test")
    whose = key.organization or say("nu se vede din cheie", "not to be seen in the key")
    typer.echo(f"{say('cheia', 'key')}: {key.source}")
    typer.echo(f"cloud: {loaded.cloud.profile}, {loaded.base_url}")
    typer.echo(f"{say('mediul', 'environment')}: {environment}")
    typer.echo(f"{say('organizația', 'organization')}: {whose}")
    if trial.refused:
        refused = say("cheia este refuzată", "the key is refused")
        typer.echo(f"amef: {refused}: {trial.refused}", err=True)
        return
    rows = [
        (say(*FOR[row.call]), " ".join(row.scopes) or "-", _said(row, lang)) for row in trial.rows
    ]
    table(say("pentru ce|drept cerut|îl are?", "what for|scope needed|has it?").split("|"), rows)
    _tell_missing(trial, lang)
    if trial.everything:
        typer.echo(
            say(
                f"amef: cheia are dreptul {trial.everything!r}, adică tot. Faceți una numai cu: ",
                f"amef: the key has the scope {trial.everything!r}, which is everything. "
                "Make one with these only: ",
            )
            + " ".join(trial.least),
            err=True,
        )


def _said(row: Row, lang: Language) -> str:
    said = lang.say(*SAID[row.proof])
    return f"{said} ({row.note})" if row.note and row.proof is KeyProof.UNPROVEN else said


def _as_json(loaded: Settings, key: ApiKey, trial: Trial) -> dict[str, Any]:
    return {
        "source": key.source,
        "profile": loaded.cloud.profile,
        "base_url": loaded.base_url,
        "environment": "live" if key.live else "test",
        "organization": key.organization,
        "refused": trial.refused,
        "all_scope": trial.everything,
        "least_scopes": list(trial.least),
        "calls": [
            {
                "call": row.call,
                "scopes": list(row.scopes),
                "needed": row.call in NEEDED,
                "verdict": str(row.proof),
                "note": row.note,
            }
            for row in trial.rows
        ],
    }

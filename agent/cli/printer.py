"""`amef printer`."""

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def callback() -> None:
    """Placeholder until the helper brings it."""

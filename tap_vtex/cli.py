"""The command line: the options of the tap, and the files that they name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError

from tap_vtex.errors import VtexError

if TYPE_CHECKING:
    from typing import IO

    from singer_sdk.plugin_base import _ConfigInput


class CommandLine(Tap):
    """The SDK's command line, with ``--check``, exit codes, and one sentence for bad files."""

    def __init__(self, *, offline: bool = False, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's
        """Make a tap.

        Args:
            offline: Do not ask VTEX for the store's own fields.
            kwargs: The SDK's arguments.
        """
        self.offline = offline
        super().__init__(**kwargs)

    def sync(self) -> None:
        """Read all selected streams."""
        raise NotImplementedError

    def check_access(self, output_format: str | None) -> None:
        """Print which streams the key may read."""
        raise NotImplementedError

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        check: bool = False,
        config: _ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run the tap. The SDK would end every run with exit code 0 or a traceback."""
        if about:
            cls.print_about(about_format)
            return
        cls.print_version(print_fn=cls.logger.info)
        tap = cls(
            config=config.config if config else {},
            state=_read_state(state),
            catalog=_read_json(catalog, "--catalog"),
            parse_env_config=bool(config and config.parse_env),
            offline=check,
        )
        if check:
            tap.check_access(about_format)
        else:
            tap.sync()

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Add ``--check`` to the SDK's options."""
        command = super().get_singer_command()
        command.params.append(
            click.Option(
                ["--check"],
                is_flag=True,
                help="Request once what each selected stream needs, and print what the key's role "
                "lacks. Add --format json for JSON.",
            )
        )
        return command

    @classmethod
    def cb_config(
        cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]
    ) -> _ConfigInput:
        """Read the config files. The SDK shows a traceback for a file that is not JSON."""
        try:
            return super().cb_config(ctx, param, value)
        except (OSError, ValueError) as error:
            raise click.BadParameter(f"can't be read as JSON ({error}).", ctx, param) from None

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Read one record of each stream. The SDK shows a traceback if that fails."""
        try:
            super().cb_test(ctx, param, value)
        except ConfigValidationError as error:
            for sentence in error.errors:
                cls.logger.error(sentence)  # noqa: TRY400
            ctx.exit(1)
        except VtexError as error:
            cls.logger.error(error)  # noqa: TRY400
            ctx.exit(1)


def _read_json(file: IO[str] | None, option: str) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        content = json.load(file)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        what = "not the state of a Singer tap" if option == "--state" else "not a JSON object"
        raise click.BadParameter(f"this is {what}.", param_hint=option)
    return content


def _read_state(file: IO[str] | None) -> dict[str, Any] | None:
    state = _read_json(file, "--state") or {}
    bookmarks = state.get("bookmarks", {})
    well_formed = isinstance(bookmarks, dict) and all(
        isinstance(stream, dict) and _are_partitions(stream.get("partitions", []))
        for stream in bookmarks.values()
    )
    if not well_formed:
        raise click.BadParameter("this is not the state of a Singer tap.", param_hint="--state")
    return state


def _are_partitions(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and isinstance(one.get("context"), dict) for one in value
    )

"""``helianthus serve``: in this process, in supervised workers, or as one of those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trio_helianthus.core import ignore_signals

from ._serve_process import Terminal, open_standard_streams

if TYPE_CHECKING:
    from ._serve_arguments import ServeOptions

EXIT_INTERRUPTED: Final = 130
"""The exit code after Ctrl-C while the application is still imported, as shells have it."""


def run_serve(options: ServeOptions) -> int:
    """Serve an application until told to stop.

    :returns: the exit code: 0 if everything finished, 1 if something was cut or did not start,
        130 after Ctrl-C while the application is imported.
    :raises AppNotFound: the application is not there, or does not start.
    :raises NetworkError: the place to listen at is taken, or there is none.
    :raises MissingExtraError: an option needs an extra that is not installed.
    """
    open_standard_streams()
    terminal = Terminal()
    try:
        with ignore_signals("SIGHUP"):  # which nobody listens to yet
            return _run(options, terminal)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _run(options: ServeOptions, terminal: Terminal) -> int:
    if options.as_worker is not None:
        from ._serve_worker import Ties, serve_as_worker

        return serve_as_worker(options, Ties.read(options.as_worker))
    if options.supervised:
        from ._serve_supervisor import supervise

        return supervise(options, terminal)
    from ._serve_worker import serve_alone

    return serve_alone(options, terminal)

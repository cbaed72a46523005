"""``helianthus serve``: in this process, in supervised workers, or as one of those."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._serve_arguments import ServeOptions


def run_serve(options: ServeOptions) -> int:
    """Serve an application until told to stop.

    :returns: the exit code: 0 if everything finished, 1 if something was cut or did not start.
    :raises AppNotFound: the application is not there.
    :raises NetworkError: the place to listen at is taken, or there is none.
    :raises MissingExtraError: an option needs an extra that is not installed.
    """
    if options.as_worker is not None:
        from ._serve_worker import Ties, serve_as_worker

        return serve_as_worker(options, Ties.read(options.as_worker))
    if options.supervised:
        from ._serve_supervisor import supervise

        return supervise(options)
    from ._serve_worker import serve_alone

    return serve_alone(options)

"""How Sphinx builds the documentation; ``nox -s docs`` runs it with warnings as errors."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

PYPROJECT = tomllib.loads(
    Path(__file__).parent.parent.joinpath("pyproject.toml").read_text("utf-8")
)

project = PYPROJECT["project"]["name"]
author = "trio_helianthus contributors"
copyright = f"2026, {author}"
version = release = PYPROJECT["project"]["version"]

extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinxcontrib_trio", "myst_parser"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"{project} {version}"
html_show_sourcelink = False
highlight_language = "default"  # Python, where it is Python
myst_heading_anchors = 3

# sphinxcontrib_trio marks `await` and `async with` by extending the class-based autodoc.
autodoc_use_legacy_class_based = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"show-inheritance": True}
maximum_signature_line_length = 90
python_use_unqualified_type_names = True

MADE_BY_THE_LIBRARY = {
    "core.BackgroundNursery",
    "core.DelayedPost",
    "core.Lifecycle",
    "core.Portal",
    "core.ServiceNursery",
    "http.Client",
    "http.FormPart",
    "http.ResponseBody",
    "http.ResponseWriter",
    "http.Server",
    "http.StreamedResponse",
    "http.Upgraded",
    "http.UploadFile",
    "net.ByteStream",
    "net.DTLSChannel",
    "net.DTLSServer",
    "net.Server",
    "net.TCPStream",
    "net.TLSStream",
    "testing.FaultProxy",
    "testing.ScriptedPeer",
    "testing.VirtualNetwork",
}

# A reference into this package has to resolve. Others are names of trio or the standard library,
# and builds must not depend on fetching their inventories.
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!trio_helianthus\.).*")]


def resolve_private_home(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: Element
) -> Element | None:
    """Find ``area._module.Name``, which signatures name, where it is public: ``area.Name``.

    What is nowhere public, such as a type variable, stays text.
    """
    target = node.get("reftarget", "")
    public = re.sub(r"\._\w+(?=\.)", "", target)
    if node.get("refdomain") != "py" or public == target:
        return None
    python = env.domains.python_domain
    # "obj" finds a name of any kind.
    found = python.resolve_xref(env, node["refdoc"], app.builder, "obj", public, node, contnode)
    return found or contnode


def show_what_with_gives(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str, returns: str
) -> tuple[str, str] | None:
    """Say ``async with open_x() -> X``: the iterator is how the function is written."""
    is_context_manager = hasattr(obj, "__wrapped__")
    given = re.fullmatch(r"~?[\w.]*(?:Iterator|Generator)\[(.*)\]", returns or "")
    if not (is_context_manager and given):
        return None
    return signature, given[1].removesuffix(", None").removesuffix(", None")


def hide_private_constructor(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str, returns: str
) -> tuple[str, None] | None:
    """Leave out how to make what only the library makes."""
    return ("", None) if name.removeprefix(f"{project}.") in MADE_BY_THE_LIBRARY else None


def setup(app: Sphinx) -> None:
    """Register the adjustments above."""
    app.connect("missing-reference", resolve_private_home)
    app.connect("autodoc-process-signature", show_what_with_gives)
    app.connect("autodoc-process-signature", hide_private_constructor)

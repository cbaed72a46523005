"""Makes the client's methods, one for each command, of what the server says and of tables."""

from __future__ import annotations

"""Puts the contract into the package: it is beside a copy of the SDK, and at the top of the repository."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Contract(BuildHookInterface[Any]):
    """Adds the folder of the contract to what is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Finds the folder."""
        places = (Path(self.root, "wit"), Path(self.root).parents[1] / "wit")
        build_data["force_include"][str(next(place for place in places if place.is_dir()))] = "witbot/wit"

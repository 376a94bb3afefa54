"""Where everything lies on this machine."""

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Places:
    """The folders of one clinic: the code, and the data that a back-up must hold."""

    data: Path
    checkout: Path = CHECKOUT

    @classmethod
    def here(cls) -> "Places":
        """The clinic of this checkout, or the one that CLINIC_DATA names."""
        return cls(data=Path(os.environ.get("CLINIC_DATA") or CHECKOUT / "var").absolute())

    @property
    def venv(self) -> Path:
        return self.checkout / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    def make(self) -> None:
        """Make the data folder. Others may pass through it (PostgreSQL runs as somebody else), not look around."""
        if not self.data.exists():
            self.data.mkdir(parents=True)
            self.data.chmod(0o711)
        self.logs.mkdir(exist_ok=True)
        self.logs.chmod(0o700)

"""What pyproject.toml cannot say: a wheel without the pages people look at is not made."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

PAGES = [Path("api/console/dist") / name for name in ("index.html", "phone.html")]


class BuildWithPages(build_py):
    """Refuses to pack the console unbuilt; an editable install builds it when it is started."""

    def run(self) -> None:
        """Pack."""
        missing = [str(page) for page in PAGES if not page.is_file()]
        if missing and not self.editable_mode:
            raise SystemExit(f"the console is not built ({', '.join(missing)} missing): run `make console` first")
        super().run()


setup(cmdclass={"build_py": BuildWithPages})

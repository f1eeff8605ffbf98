"""Packs the built site into one file: `python -m tools.archive`. Equal sites give equal bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tools.notebooks import ROOT
from tools.site import HTML, ZIP

TARGET = ROOT / "_build" / ZIP
EPOCH = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the first moment that the format knows: when it was built is no matter


def pack(folder: Path, target: Path) -> list[str]:
    """Write all files of a folder into a zip, under one folder of the zip's name.

    Left out are hidden files, the renderer's notes to itself, and the source maps of the theme's
    scripts, which only its authors need.

    Returns:
        The names in the zip, sorted.

    Raises:
        FileNotFoundError: the folder holds no site.
    """
    if not (folder / "index.html").is_file():
        raise FileNotFoundError(f"folder must hold a site, but there is no {folder / 'index.html'}")
    files = {
        f"{target.stem}/{path.relative_to(folder).as_posix()}": path
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix != ".map"
        and not any(part[0] == "." for part in path.relative_to(folder).parts)
    }
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whichever system packs
            entry.external_attr = 0o100644 << 16  # a plain file, readable by all
            archive.writestr(entry, files[name].read_bytes())
    return sorted(files)


def main() -> None:
    """Pack the site, and say where it is."""
    names = pack(HTML, TARGET)
    size = TARGET.stat().st_size / 2**20
    print(
        f"{len(names)} files, {size:.1f} MiB. Unpack it anywhere and open index.html:\n  {TARGET}"
    )


if __name__ == "__main__":
    main()

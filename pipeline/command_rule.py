"""Whether a command that a settings file holds may be started.

Whoever can change the file could else have any program started with the rights of the account
that runs labflag. So a command counts only where a person named the file, and where nobody but
that account and the administrator can change it, or put another one under its path.
"""

import os
import stat
from pathlib import Path

_MOST_LINKS = 40
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def find_refusal(key: str, path: Path, *, is_named: bool) -> str:
    """Return why a command of a settings file is not started; "" if it may be.

    Args:
        key: The setting that holds the command.
        path: The settings file.
        is_named: It was named by --config, and not found in the current folder.
    """
    if not is_named:
        return f"{key} is not used: a command counts only in a file that --config names"
    weakness = find_weakness(path)
    return f"{key} in {path} is not used: {weakness}" if weakness else ""


def find_weakness(path: Path) -> str:
    """Return who else could change a file or what its path leads to; "" if nobody can.

    Every folder and every link on the way is looked at, as whoever may write in a folder may
    put something else under a name there. In a folder such as /tmp, where nobody can rename what
    is another's, it is enough that the next name is ours.
    """
    if not hasattr(os, "geteuid"):
        return "this system does not say who may change a file"
    ahead, here, links = [*reversed(path.absolute().parts)], Path(), 0
    try:
        while ahead:
            name = ahead.pop()
            place = here.parent if name == ".." else here / name
            found = place.lstat()
            if found.st_uid not in (os.geteuid(), 0):
                return f"{place} belongs to another account"
            if stat.S_ISLNK(found.st_mode):
                links += 1
                if links > _MOST_LINKS:
                    return f"{path} leads through too many links"
                ahead += reversed(Path(os.readlink(place)).parts)
                continue
            is_sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
            if found.st_mode & _OTHERS_WRITE and not is_sticky:
                return f"others may write in {place}; take that right away: chmod go-w {place}"
            here = place
    except OSError as error:
        return f"{path} cannot be looked at: {error.strerror}"
    return "" if stat.S_ISREG(found.st_mode) else f"{path} is no plain file"

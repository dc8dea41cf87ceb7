"""What holds for every input.

`make test` tries the same examples each time; `LABFLAG_EXAMPLES=100 make test` a hundred times as
many of them. `make properties SECONDS=3600` tries others for an hour: `explore.py`.
"""

import os


def examples(usual: int) -> int:
    """How many examples to try: few in everyday runs, more when asked."""
    return usual * int(os.environ.get("LABFLAG_EXAMPLES", "1"))

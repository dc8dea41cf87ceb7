"""What holds for every input. `LABFLAG_EXAMPLES=100 make test` tries a hundred times as many."""

import os


def examples(usual: int) -> int:
    """How many examples to try: few in everyday runs, more when asked."""
    return usual * int(os.environ.get("LABFLAG_EXAMPLES", "1"))

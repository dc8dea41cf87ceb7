"""labflag is stopped, or refused by the disk, at every call that changes a file."""

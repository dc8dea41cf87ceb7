"""Files and folders on disk: written aside, synced, renamed, hashed; and what they are on."""

"""Networks of more links than memory holds: files of a folder become rows on disk, a part at a time, and a run that was
killed goes on where it stood."""

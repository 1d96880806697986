"""The known problem sets, a file each."""

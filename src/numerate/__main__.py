"""Entry point of `python -m numerate`, also under a launcher: accelerate launch -m numerate run ..."""

import sys
from pathlib import Path

if sys.path and sys.path[0] == str(Path.cwd()) and not (Path.cwd() / "numerate").is_dir():
    del sys.path[0]  # a file here must not stand in for a library; what is trusted is found here all the same

from numerate.cli import main

if __name__ == "__main__":
    main()

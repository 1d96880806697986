"""python -m numerate ..., also under a launcher: accelerate launch -m numerate run ..."""

from numerate.cli import main

if __name__ == "__main__":
    main()

"""`python -m mandegar` is the console script `mandegar`."""

from mandegar.cli import main

if __name__ == "__main__":
    main()

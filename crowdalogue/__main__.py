"""`python -m crowdalogue` is the command `crowdalogue`."""

from crowdalogue.cli import main

if __name__ == "__main__":
    main()

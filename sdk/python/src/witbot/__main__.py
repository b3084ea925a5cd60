"""`python -m witbot build [FOLDER]` writes `FOLDER/dist/NAME.wasm`."""

import sys

if sys.version_info < (3, 11):
    found = ".".join(map(str, sys.version_info[:3]))
    sys.exit("Python " + found + " is too old: install 3.11 or newer from https://www.python.org/downloads")

from witbot._build.main import main

main()

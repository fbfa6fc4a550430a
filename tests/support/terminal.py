# SPDX-License-Identifier: MIT
"""Runs a shell command on a terminal and prints what the terminal shows, line by line.

    python3 terminal.py COLUMNS[,COLUMNS] [-i REGEX] COMMAND

All three standard streams of the command are the terminal. Each line of the output begins with a
mark: "~" for a line that was erased, "=" for one that remains, "!" for one that the command left
unfinished at its end. A line that is longer than the terminal is wide, so that the terminal wraps
it, ends with " [wrapped]".

With a second number of columns the terminal's width changes to it as soon as a line matches REGEX;
then the file `resized` is created in the working directory. Otherwise -i sends Ctrl-C at that moment.
"""
import argparse
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios

ESCAPE_ERASE = b"\x1b[J"


class Screen:
    """The line at which the cursor is."""

    def __init__(self, columns):
        self.columns = columns
        self.cells = ""
        self.column = 0
        self.wrapped = False
        self.longest = 0

    def emit(self, mark):
        if self.cells.strip() or mark == "=":
            print(mark + self.cells + (" [wrapped]" if self.wrapped else ""), flush=True)
        self.cells, self.wrapped = "", False

    def put(self, character):
        if self.column >= self.columns:
            self.wrapped = True
        self.cells = self.cells[:self.column].ljust(self.column) + character + self.cells[self.column + 1:]
        self.column += 1

    def feed(self, data):
        """Returns the bytes that are left: an unfinished escape sequence."""
        while data:
            if ESCAPE_ERASE.startswith(data[:3]) and len(data) < 3:
                return data
            if data.startswith(ESCAPE_ERASE):
                if self.column == 0:
                    self.emit("~")
                self.cells = self.cells[:self.column]
                data = data[3:]
                continue
            character, data = data[:1], data[1:]
            if character == b"\r":
                self.column = 0
            elif character == b"\n":
                self.emit("=")
                self.column = 0
            else:
                self.put(character.decode("latin-1"))
        return b""


def resize(descriptor, columns):
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("columns")
    parser.add_argument("-i", "--interrupt")
    parser.add_argument("command")
    options = parser.parse_args()
    columns = [int(n) for n in options.columns.split(",")]
    child, terminal = pty.fork()
    if child == 0:
        resize(0, columns[0])
        for key in (signal.SIGINT, signal.SIGQUIT):  # tests in the background may ignore these
            signal.signal(key, signal.SIG_DFL)
        os.execvp("sh", ["sh", "-c", options.command])
    screen, left, awaited = Screen(columns[0]), b"", options.interrupt
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # the command has ended
            break
        if not data:
            break
        left = screen.feed(left + data)
        if awaited and re.search(awaited, screen.cells):
            awaited = None
            if len(columns) == 1:
                os.write(terminal, b"\x03")
                continue
            screen.columns = max(columns)
            resize(terminal, columns[1])
            open("resized", "w", encoding="ascii").close()
    screen.emit("!")
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(status if status >= 0 else 128 - status)


main()

"""events.py: events of a trace as babeltrace2's text tells them: (clock cycles, name, fields)."""
import re
import subprocess

LINE = re.compile(r"^\[(\d+)\] \([^)]*\) (?:\S+ )?([\w:]+): (.*)$")
STRING = r'"((?:[^"\\]|\\.)*)"'
FIELD = re.compile(r"(\w+) = (?:" + STRING + r"|\( " + STRING + r" : container = -?\d+ \)|"
                   r"(\[[^\]]*\])|(0x[0-9A-Fa-f]+)|(-?\d+))")
ESCAPE = re.compile(r"\\(.)")


def unescape(text):
    return ESCAPE.sub(lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), text)


def fields_of(text):
    fields = {}
    for name, string, word, array, hexadecimal, number in FIELD.findall(text):
        if number:
            fields[name] = int(number)
        elif hexadecimal:
            fields[name] = int(hexadecimal, 16)
        elif word:
            fields[name] = word
        elif not array:
            fields[name] = unescape(string)
    return fields


def events(*arguments, **options):
    """Runs babeltrace2 with these arguments, which end in its text."""
    process = subprocess.Popen(["babeltrace2", *arguments], stdout=subprocess.PIPE, text=True,
                               errors="replace", **options)
    for line in process.stdout:
        match = LINE.match(line)
        if not match:
            raise ValueError(f"babeltrace2: {line}")
        yield int(match[1]), match[2], fields_of(match[3])
    if process.wait():
        raise ValueError(f"babeltrace2 ended with {process.returncode}")

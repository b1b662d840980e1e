"""shop.py: builds and records variants of shop.c for the tests of `diff` and `check`."""
import os
import subprocess
import sys

LIMIT_S = 240
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shop.c")


def check(condition, text):
    if not condition:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {text}")


class Shop:
    """Everything is in one folder; `waitscope` is the command under test."""

    def __init__(self, waitscope, folder):
        self.waitscope = waitscope
        self.folder = folder

    def build(self, name, *defines, edit=None, flags=("-g",)):
        """A variant of that name; `edit` changes the source first."""
        with open(SOURCE, encoding="utf-8") as file:
            text = file.read()
        source = os.path.join(self.folder, name + ".d", "shop.c")
        os.makedirs(os.path.dirname(source))
        with open(source, "w", encoding="utf-8") as file:
            file.write(edit(text) if edit else text)
        program = os.path.join(os.path.dirname(source), "shop")
        subprocess.run([os.environ.get("CC", "cc"), *flags, "-O1", "-pthread",
                        *(f"-D{define}" for define in defines), source, "-o", program],
                       check=True, timeout=LIMIT_S)
        return program

    def record(self, program, name):
        trace = os.path.join(self.folder, name)
        subprocess.run([self.waitscope, "record", "-o", trace, "--", program], check=True,
                       timeout=LIMIT_S, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return trace

    def run(self, *words, status=0):
        done = subprocess.run([self.waitscope, *words], check=False, timeout=LIMIT_S,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(done.returncode == status,
              f"{' '.join(words)}: status {done.returncode}, not {status}: "
              f"{done.stderr.decode()}{done.stdout.decode()}")
        return done

    def refused(self, text, *words, status=2):
        """It says what is wrong in one line, and nothing else."""
        done = self.run(*words, status=status)
        said = done.stderr.decode()
        check(text in said and said.count("\n") == 1, f"{' '.join(words)}: said {said!r}")
        check(not done.stdout, f"{' '.join(words)}: wrote {done.stdout[:80]!r}")


def moved(text):
    """Lines before all code, and one in front of the lock in refill()."""
    return "\n\n/* more\n * lines */\n" + text.replace(
        "\tpthread_mutex_lock(lock);", "\t/* the cache */\n\n\tpthread_mutex_lock(lock);")

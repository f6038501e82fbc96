"""The `recolor` command, with what it needs to start on this machine."""

import os
import pathlib
import re
import subprocess

# Libraries of glibc, which are of one version in a process.
GLIBC = re.compile(r"(ld-linux[-\w]*|libc|libm|libpthread|libdl|librt|libresolv|libutil|libmvec|libnss_\w+)\.so\.\d+")


def lacking(trace):
    """Returns the names of the libraries that are missing, or too old, according to the dynamic loader's trace."""
    missing = re.findall(r"^\s*(\S+) => not found", trace, re.MULTILINE)
    old = re.findall(r"([^/\s]+): version [`'\"]\S+ not found", trace)
    return set(missing + old)


class CannotStart(Exception):
    """The reason why the command cannot be run."""


class Program:
    """The words and the environment by which the command is started.

    The drivers of a machine are built for its C library and its C++ library, so those are used where they are new
    enough, and of the libraries of a bundle only those that the machine lacks. Where its C library is too old, the
    bundle's own loader starts the command with all of the bundle's libraries: newer ones also serve the drivers."""

    def __init__(self, recolor, libraries, folder, drivers):
        """
        recolor: the command.
        libraries: the folder of a bundle's libraries, with a folder `glibc`; None without a bundle.
        folder: an empty folder for links, caches and the list of drivers.
        """
        self.recolor = pathlib.Path(recolor).absolute()
        self.words = [self.recolor]
        self.environment = dict(os.environ, RECOLOR_CACHE=str(folder / "cache"))
        # Where a user has said which drivers there are, that is right.
        if "OCL_ICD_VENDORS" not in os.environ:
            drivers.register(folder / "vendors")
            self.environment["OCL_ICD_VENDORS"] = str(folder / "vendors")
        self.folders = [*drivers.library_folders, *filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":"))]
        self.how = "the machine's libraries"
        if libraries:
            self.link_libraries(pathlib.Path(libraries).absolute(), folder / "libraries")
        elif self.folders:
            self.environment["LD_LIBRARY_PATH"] = ":".join(self.folders)
        self.version = self.start()

    def link_libraries(self, libraries, links):
        """Makes links to the libraries that the machine lacks, or decides for the bundle's loader."""
        links.mkdir()
        # The bundle's OpenCL loader is known to read OCL_ICD_VENDORS, which not all of them do.
        wanted = {"libOpenCL.so.1"}
        self.environment["LD_LIBRARY_PATH"] = ":".join([str(links), *self.folders])
        while wanted:
            for name in wanted:
                if not (libraries / name).exists() or (links / name).is_symlink():
                    raise CannotStart(f"{name} is missing here or too old, and not in the bundle")
                (links / name).symlink_to(libraries / name)
            wanted = lacking(self.trace())
            if any(map(GLIBC.fullmatch, wanted)):
                return self.start_with_own_loader(libraries)
        names = sorted(path.name for path in links.iterdir())
        self.how = f"the machine's libraries and {len(names)} of the bundle's: {', '.join(names)}"

    def trace(self):
        """Returns what the machine's loader says of the command's libraries."""
        try:
            done = subprocess.run(
                self.words, env=dict(self.environment, LD_TRACE_LOADED_OBJECTS="1"), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")  # fmt: skip
        except OSError:
            # The machine has no loader of this name.
            return "\tlibc.so.6 => not found"
        return done.stdout

    def start_with_own_loader(self, libraries):
        loader = next((libraries / "glibc").glob("ld-linux*"))
        folders = [str(libraries / "glibc"), str(libraries), *self.folders]
        self.words = [loader, "--library-path", ":".join(folders), self.recolor]
        self.environment.pop("LD_LIBRARY_PATH", None)
        self.how = "all of the bundle's libraries and its loader, because the machine's C library is older"

    def start(self):
        """Returns the command's version. Raises `CannotStart`."""
        try:
            done = subprocess.run(
                [*self.words, "--version"], env=self.environment, capture_output=True, text=True, errors="replace")
        except OSError as error:
            raise CannotStart(f"{self.recolor}: {error.strerror}") from error
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise CannotStart(f"{self.recolor}: {lines[-1]}")
        return done.stdout.strip()

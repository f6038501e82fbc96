"""The OpenCL drivers of a machine, whether they are registered with the loader or not."""

import os
import pathlib
import platform
import subprocess

VENDORS = pathlib.Path("/etc/OpenCL/vendors")
# The drivers' libraries by the names that their .icd files give them.
LIBRARIES = ["libnvidia-opencl.so.1", "libamdocl64.so", "libigdrcl.so", "libpocl.so.2"]
ARCHITECTURE = f"/usr/lib/{platform.machine()}-linux-gnu"
# Where drivers are that the dynamic loader does not know: of containers, of distributions, of vendors' installers.
FOLDERS = [
    ARCHITECTURE, "/usr/lib64", "/usr/lib", "/usr/local/lib",
    "/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", f"{ARCHITECTURE}/nvidia/current", "/usr/lib/wsl/lib",
    "/run/opengl-driver/lib", "/opt/rocm/lib", "/opt/rocm/opencl/lib", "/opt/amdgpu/lib/x86_64-linux-gnu",
    "/opt/amdgpu-pro/lib/x86_64-linux-gnu", f"{ARCHITECTURE}/intel-opencl", "/usr/lib64/intel-opencl",
    "/usr/local/lib/intel-opencl",
]  # fmt: skip


def loader_cache():
    """Returns the paths of the libraries that the dynamic loader knows, by name."""
    try:
        command = ["ldconfig", "-p"]
        path = os.environ.get("PATH", "") + ":/sbin:/usr/sbin"
        output = subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, errors="replace").stdout
    except OSError:
        return {}
    paths = {}
    for line in output.splitlines():
        name, arrow, path = line.strip().partition(" => ")
        # The first of a name is the one that is loaded, but for those of other architectures.
        if arrow and not (platform.machine() == "x86_64" and "x86-64" not in name):
            paths.setdefault(name.split()[0], path)
    return paths


class Drivers:
    """The drivers that were found, and what the loader needs to know of them."""

    def __init__(self, vendors=VENDORS, folders=FOLDERS, cache=None):
        """
        vendors: the folder of registered drivers.
        folders: those to search for others, after LD_LIBRARY_PATH.
        cache: what `loader_cache` returns, unless it is given.
        """
        self.cache = loader_cache() if cache is None else cache
        self.folders = [*filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":")), *folders]
        # Paths of libraries, with how each was found.
        self.found = {}
        # Registered libraries that do not exist.
        self.lost = []
        for file in sorted(vendors.glob("*.icd")) if vendors.is_dir() else []:
            name = next(iter(file.read_text(errors="replace").split()), "")
            if path := self.path(name):
                self.add(path, f"registered in {file}")
            elif name:
                self.lost.append(f"{name}, which {file} names")
        for name in LIBRARIES:
            if path := self.path(name):
                self.add(path, "not registered")

    def path(self, name):
        """Returns the path of a library, or None."""
        if name.startswith("/"):
            return name if os.path.exists(name) else None
        if name in self.cache:
            return self.cache[name]
        for folder in map(pathlib.Path, self.folders):
            # Without ldconfig a driver may have its full version for a name alone.
            stem = name[: name.index(".so") + 3] if ".so" in name else name
            for file in [folder / name, *sorted(folder.glob(f"{stem}.*"))]:
                if file.exists():
                    return str(file)
        return None

    def add(self, path, how):
        if os.path.realpath(path) not in map(os.path.realpath, self.found):
            self.found[path] = how

    @property
    def library_folders(self):
        """Folders that the dynamic loader does not know, in which drivers look for their other libraries."""
        known = {os.path.dirname(os.path.realpath(path)) for path in self.cache.values()}
        folders = dict.fromkeys(os.path.dirname(path) for path in self.found)
        return [folder for folder in folders if os.path.realpath(folder) not in known]

    def register(self, folder):
        """Writes an .icd file for each driver into a new folder."""
        folder.mkdir()
        for index, path in enumerate(self.found):
            (folder / f"{index}.icd").write_text(path + "\n")

    @property
    def description(self):
        """One line."""
        texts = [f"{path} ({how})" for path, how in self.found.items()]
        texts += [f"missing: {name}" for name in self.lost]
        return "; ".join(texts) or f"none in {VENDORS}, in the loader's cache, or in the folders of the usual drivers"

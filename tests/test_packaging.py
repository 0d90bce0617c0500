"""What an installation holds, what an import costs, and what is pinned."""

import json
import os
import pkgutil
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "deeplinear"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LAYERS = sorted(module.name for module in pkgutil.iter_modules([str(SOURCE)]))
HEAVY = [
    "matplotlib",
    "numba",
    "pandas",
    "scipy.integrate",
    "sklearn",
    "xarray",
    "zarr",
]
PLATFORMS = [
    {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
    {"sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"},
]


def run_python(*arguments: str, **environment: str) -> str:
    """Return what a fresh interpreter prints, or fail with what it complained about."""
    result = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def direct_dependencies() -> Iterator[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    for text in PROJECT["dependencies"] + [text for extra in extras for text in extra]:
        requirement = Requirement(text)
        if requirement.name != PROJECT["name"]:
            yield requirement


def pins() -> list[Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines]


# Pins


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize(
    "platform", PLATFORMS, ids=lambda p: f"{p['sys_platform']}-{p['platform_machine']}"
)
def test_every_dependency_has_one_pin_that_it_allows(python, platform):
    place = platform | {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "platform_python_implementation": "CPython",
    }
    pinned: dict[str, list[Requirement]] = {}
    for pin in pins():
        if pin.marker is None or pin.marker.evaluate(place):
            pinned.setdefault(pin.name, []).append(pin)
    assert all(len(found) == 1 for found in pinned.values())
    for dependency in direct_dependencies():
        assert dependency.name in pinned, dependency.name
        (version,) = (s.version for s in pinned[dependency.name][0].specifier)
        assert dependency.specifier.contains(version), f"{dependency}, pinned to {version}"


def test_pins_are_exact_versions_without_addresses_or_options():
    for pin in pins():
        assert pin.url is None
        assert [s.operator for s in pin.specifier] == ["=="], pin


# Imports


@pytest.mark.parametrize("layer", LAYERS)
def test_every_module_of_a_layer_imports_first_and_without_warnings(layer):
    program = f"""
import importlib, pkgutil
layer = importlib.import_module("deeplinear.{layer}")
for module in pkgutil.walk_packages(getattr(layer, "__path__", []), layer.__name__ + "."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
    run_python("-W", "error", "-c", program)


def test_import_is_light():
    program = f"""
import json, sys, time
start = time.process_time()
import deeplinear
seconds = time.process_time() - start
print(json.dumps([seconds, [name for name in {HEAVY} if name in sys.modules]]))
"""
    # Processor time: what runs beside this test does not count.
    costs, loaded = zip(*(json.loads(run_python("-c", program)) for _ in range(3)), strict=True)
    assert loaded == ([], [], [])
    assert statistics.median(costs) < 1.0  # 0.5 s is the goal, the rest is for slow machines


# The wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Build the wheel from a copy: a build leaves files beside the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", tree / "src", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    offline = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation")
    run_python("-m", "pip", "wheel", *offline, "--wheel-dir", str(folder), str(tree))
    (path,) = folder.glob("*.whl")
    return path


def test_wheel_holds_exactly_the_files_of_the_package(wheel):
    metadata = f"deeplinear-{PROJECT['version']}.dist-info/"
    names = set(zipfile.ZipFile(wheel).namelist())
    files = {path for path in SOURCE.rglob("*") if path.is_file()}
    expected = {path.relative_to(ROOT / "src").as_posix() for path in files}
    expected = {name for name in expected if "__pycache__" not in name}
    assert "deeplinear/py.typed" in expected
    assert {name for name in names if not name.startswith(metadata)} == expected
    assert metadata + "licenses/LICENSE" in names


@pytest.mark.slow
def test_installed_wheel_runs_its_command(wheel, tmp_path):
    offline = ("--quiet", "--no-deps", "--no-index", "--target", str(tmp_path))
    run_python("-m", "pip", "install", *offline, str(wheel))
    program = """
import importlib.metadata, pathlib, sys
import deeplinear
assert pathlib.Path(deeplinear.__file__).is_relative_to(sys.argv.pop()), deeplinear.__file__
(command,) = importlib.metadata.entry_points(group="console_scripts", name="deeplinear")
sys.argv = ["deeplinear", "--version"]
sys.exit(command.load()())
"""
    # -S ignores the editable install; the dependencies come back through the path.
    path = os.pathsep.join([str(tmp_path), sysconfig.get_path("purelib")])
    output = run_python("-S", "-c", program, str(tmp_path), PYTHONPATH=path)
    assert PROJECT["version"] in output

# make demo          install what is missing, build, train both models for a few minutes, show what they learned
# make test          install what is missing, build, run every test
# make test-only     build, run the tests whose names match FILTER: make test-only FILTER=CPUKernelsTests
# make build         build the command, .build/release/recolor
# make mpi           install Open MPI where it is missing, build the library that reaches it beside the command
# make static        build the command with the Swift runtime inside, its manual page and completions, in .build-static
# make install       install what `make static` builds in PREFIX, which is /usr/local, below DESTDIR if it is given
# make uninstall     remove it
# make package       make a Debian package of it, .build-static/recolor_VERSION_ARCHITECTURE.deb
# make portability   install what is missing, build, check every kernel on each OpenCL implementation that needs no GPU
# make sanitize      install what is missing, run every test under the address sanitizer and under the thread sanitizer
# make fuzz          install what is missing, build, fuzz the readers of image files and the command, MINUTES=1 each
# make arm           install what is missing, run the tests of the C code for 64-bit ARM under an emulator
# make docs          make the documentation of the libraries, .build/documentation, and the command's manual page, .build/manual
# make lint          check the format of the sources
# make format        format the sources
.PHONY: build mpi static install uninstall package demo test test-only portability sanitize fuzz arm docs lint format
.DEFAULT_GOAL := build

sources := Package.swift Sources Tests Plugins Snippets

build:
	Scripts/setup
	swift build --configuration release --product recolor

mpi: build
	Scripts/setup distributed
	Scripts/build_mpi

PREFIX ?= /usr/local
DESTDIR ?=

static:
	Scripts/setup install
	Scripts/build_static

# What `make static` built before is installed, so that `sudo make install` builds nothing as root.
install:
	if ! [ -e .build-static/release/recolor ]; then $(MAKE) static; fi
	Scripts/install '$(PREFIX)' '$(DESTDIR)'

uninstall:
	Scripts/install --remove '$(PREFIX)' '$(DESTDIR)'

package: static
	Scripts/package

demo: build
	Scripts/demo

# Scripts/setup installs an OpenCL device, so that no test that needs one may pass by being skipped.
test:
	Scripts/setup test
	RECOLOR_REQUIRE_OPENCL=1 Scripts/run_tests

test-only:
	Scripts/run_tests '$(FILTER)'

portability: build
	Scripts/setup portability
	Scripts/portability

sanitize:
	Scripts/setup test
	Scripts/sanitize

MINUTES ?= 1

fuzz: build
	Scripts/setup fuzz
	Scripts/fuzz_readers '$(MINUTES)'
	Scripts/fuzz_command.py '$(MINUTES)'

arm:
	Scripts/check_arm

docs:
	Scripts/setup docs
	Scripts/make_docs

lint:
	swift format lint --strict --recursive $(sources)

format:
	swift format --in-place --recursive $(sources)

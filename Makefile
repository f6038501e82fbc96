# make demo     install what is missing, build, train both models for a few minutes, show what they learned
# make test     install what is missing, build, run every test
# make build    build the command, .build/release/recolor
# make lint     hold the sources against the format
# make format   bring them into it
.PHONY: build demo test lint format
.DEFAULT_GOAL := build

sources := Package.swift Sources Tests Plugins

build:
	Scripts/setup
	swift build --configuration release --product recolor

demo: build
	Scripts/demo

test:
	Scripts/setup test
	swift test --configuration release -Xswiftc -enable-testing

lint:
	swift format lint --strict --recursive $(sources)

format:
	swift format --in-place --recursive $(sources)

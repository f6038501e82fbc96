import ArgumentParser
import Models

extension ModelKind: ExpressibleByArgument {}

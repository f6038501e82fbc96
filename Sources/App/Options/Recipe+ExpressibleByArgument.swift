import ArgumentParser
import Models

extension Recipe: ExpressibleByArgument {}

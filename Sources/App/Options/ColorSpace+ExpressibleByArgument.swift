import ArgumentParser
import Models

extension ColorSpace: ExpressibleByArgument {}

import ArgumentParser
import Models

extension UpsamplingKind: ExpressibleByArgument {}

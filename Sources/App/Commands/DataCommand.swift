import ArgumentParser

/// `recolor data`
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Get photographs to train on, and look at them.",
    subcommands: [DataFetch.self, DataInfo.self])
}

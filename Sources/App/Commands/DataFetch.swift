import ArgumentParser
import Data

/// `recolor data fetch`
struct DataFetch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Download CIFAR-10: 60,000 photographs of 32×32, 170 MB.",
    discussion: """
      Downloads the official archive of the binary version (Krizhevsky 2009), checks it, and unpacks it to \
      cifar-10-batches-bin, where --data cifar10 finds it. A download that was stopped goes on where it was when the \
      command is run again.
      """)

  @Option(
    help: ArgumentHelp("Folder to put cifar-10-batches-bin in; made if it is missing.", valueName: "folder"))
  var out = "."
  @Option(help: "Where to get the archive instead; it must be the very same.")
  var url: String?

  func run() throws {
    var archive = CIFAR10Archive.official
    archive.url = url ?? archive.url
    let display = ProgressDisplay(interval: .seconds(5))
    let start = ContinuousClock.now
    defer { display.clear() }
    let folder = try archive.fetch(into: out) { progress in
      display.update(Self.line(progress, seconds: (ContinuousClock.now - start) / .seconds(1)))
    }
    display.clear()
    try Console.output("CIFAR-10 is in \(folder).")
  }

  private static func line(_ progress: CIFAR10Archive.Progress, seconds: Double) -> String {
    switch progress {
    case .downloading(let received, let total):
      let width = 30
      let filled = total > 0 ? min(width, width * received / total) : 0
      let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
      return "[\(bar)] \(Format.bytes(received)) of \(Format.bytes(total))  \(Format.duration(seconds: seconds))"
    case .checking: return "checking"
    case .unpacking(let name): return "unpacking \(name)"
    }
  }
}

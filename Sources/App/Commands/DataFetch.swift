import ArgumentParser
import Data
import Files

/// `recolor data fetch`
struct DataFetch: SpeakingCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Download CIFAR-10 or CIFAR-100: 60,000 photographs of 32×32 each, 170 MB.",
    discussion: """
      Downloads the official archive of the binary version (Krizhevsky 2009), checks it, and unpacks it to \
      cifar-10-batches-bin or cifar-100-binary, where --data cifar10 and --data cifar100 find it. A download that was \
      stopped goes on where it was when the command is run again. Without a network, bring the archive by other means \
      and name it by --from.

        recolor data fetch
        recolor data fetch cifar100 --out data
        recolor data fetch --from /media/stick/cifar-10-binary.tar.gz
      """)

  /// A data set that can be downloaded.
  enum Set: String, CaseIterable, ExpressibleByArgument {
    case cifar10, cifar100

    var archive: CIFARArchive { self == .cifar10 ? .cifar10 : .cifar100 }
  }

  @Argument(help: "The data set: cifar10 (10 classes) or cifar100 (100 classes).")
  var set = Set.cifar10
  @Option(
    help: ArgumentHelp("Folder to put the data set's folder in; made if it is missing.", valueName: "folder"))
  var out = "."
  @Option(help: "Another address of the archive; the checksum must match.")
  var url: String?
  @Option(
    name: .customLong("from"),
    help: ArgumentHelp(
      "Unpack this archive, which was downloaded before, instead of downloading it; the checksum must match.",
      valueName: "file"),
    completion: .file(extensions: ["gz"]))
  var file: String?
  @OptionGroup var verbosity: VerbosityOptions

  func validate() throws {
    if file != nil, url != nil {
      throw ValidationError("--url: nothing is downloaded where --from names the archive's file.")
    }
    // Not repeated: an address may hold a password.
    if file?.contains("://") ?? false {
      throw ValidationError("--from: takes the archive's file; --url takes an address.")
    }
  }

  func run() throws {
    try Folder.requireWritable(out)
    var archive = set.archive
    archive.url = url ?? archive.url
    let display = ProgressDisplay(interval: .seconds(5))
    let start = ContinuousClock.now
    defer { display.clear() }
    let report = { progress in
      display.update(Self.line(progress, seconds: (ContinuousClock.now - start) / .seconds(1)))
    }
    let folder =
      try file.map { try archive.unpack($0, into: out, progress: report) }
      ?? archive.fetch(into: out, progress: report)
    display.clear()
    try Console.output(line: "\(archive.name) is in \(folder).")
  }

  private static func line(_ progress: CIFARArchive.Progress, seconds: Double) -> String {
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

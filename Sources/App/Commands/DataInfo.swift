import ArgumentParser
import Data
import Imaging
import Models

/// `recolor data info`
struct DataInfo: SpeakingCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Count the photographs of a source, and show some.",
    discussion: """
      A folder's images may be in folders inside it, however deep; those of the first level name the classes. Images \
      that cannot be read are named and left out. The images are kept as they are decoded, so that the next time is \
      quick.

        recolor data info cifar10
        recolor data info photographs --size 64 --sheet photographs.png
      """)

  @Argument(help: ArgumentHelp("Photographs: cifar10, cifar100, scenes, or a folder.", valueName: "source"))
  var source: DataSource
  @Option(parsing: .unconditional, help: "Width and height that a folder's images are resized to. (default: 32)")
  var size: Int?
  @Option(help: ArgumentHelp("Write a picture of the first photographs, in gray and in color.", valueName: "file"))
  var sheet: String?
  @OptionGroup var report: ReportOptions
  @OptionGroup var verbosity: VerbosityOptions

  func validate() throws {
    try Requirement.within(1...4096).check(size, of: "size")
  }

  func run() throws {
    try NewFile.check(sheet, of: "sheet")
    let training = try source.load(.training, size: resized)
    try training.requireSize(size)
    let parts = try parts(training).map { DatasetSummary(of: $0) }
    if let sheet { try Self.sheet(of: training).writePNG(to: sheet) }
    try Console.output(
      report.json ? try JSONReport.text(["parts": parts]) : parts.map(\.text).joined(separator: "\n\n"))
  }

  private var resized: Int { size ?? 32 }

  /// Returns the parts of the source.
  /// - Parameter training: The images that a run would train and validate on.
  private func parts(_ training: ImageDataset) throws(DataError) -> [ImageDataset] {
    guard let folders = source.parts() else {
      return source.hasTestPart ? [training, try source.load(.test, size: resized)] : [training]
    }
    var parts = [training]
    if let heldOutCount = training.heldOutCount, let validation = folders.validation {
      let first = training.count - heldOutCount
      parts = [
        training.slice(0..<first, name: folders.training), training.slice(first..<training.count, name: validation),
      ]
    }
    return folders.test == nil ? parts : parts + [try source.load(.test, size: resized)]
  }

  /// Returns six rows of four photographs, each beside its gray copy.
  private static func sheet(of dataset: ImageDataset) -> RGBImage {
    let rows = stride(from: 0, to: min(dataset.count, 24), by: 4).map { first in
      (first..<min(first + 4, dataset.count)).flatMap { [dataset[$0].gray, dataset[$0]] }
    }
    return ContactSheet(rows: rows, scale: max(1, 96 / dataset.width)).rendered()
  }
}

extension DatasetSummary {
  /// The summary as text.
  fileprivate var text: String {
    var lines = [
      "\(name): \(Format.counted(images, "image")) of \(width)×\(height), from \(source)".printable,
      "  mean of red, green, blue    \(mean.map { Format.fixed($0, 3) }.joined(separator: "  "))",
      "  standard deviation          \(standardDeviation.map { Format.fixed($0, 3) }.joined(separator: "  "))",
      "  colorfulness                \(Format.fixed(colorfulness, 1))",
    ]
    for label in labels ?? [] {
      let name = (label.name ?? "class \(label.label)").printable
      lines.append("  \(name.padding(to: 28))\(Format.count(label.images))")
    }
    return lines.joined(separator: "\n")
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(width - count, 1)) }
}

import Files
import Foundation
import Imaging

/// The folder of a training run: `config.json`, `metrics.csv`, `samples/epoch_001.png`, `checkpoints/last.safetensors`,
/// `checkpoints/best.safetensors` and `checkpoints/last.state.safetensors`. Every file in it is whole at any moment,
/// but for TensorBoard's `events.out.tfevents.*`, which grow.
public struct RunDirectory {
  public let url: URL

  public var configuration: URL { url.appendingPathComponent("config.json") }
  public var metrics: URL { url.appendingPathComponent("metrics.csv") }
  public var last: URL { checkpoints.appendingPathComponent("last.safetensors") }
  public var best: URL { checkpoints.appendingPathComponent("best.safetensors") }
  /// What going on with the run needs.
  public var state: URL { checkpoints.appendingPathComponent("last.state.safetensors") }
  private var checkpoints: URL { url.appendingPathComponent("checkpoints") }
  private var samples: URL { url.appendingPathComponent("samples") }

  /// The sheet of an epoch, counted from 1.
  public func sample(epoch: Int) -> URL {
    let digits = String(epoch)
    return samples.appendingPathComponent(
      "epoch_\(String(repeating: "0", count: max(0, 3 - digits.count)))\(digits).png")
  }

  /// Makes the folder of a new run and writes its configuration. The folder may exist if it is empty.
  public init(creating url: URL, _ configuration: RunConfiguration) throws(RunError) {
    self.url = url
    let existed = Folder.exists(url.path)
    do {
      if existed, try !Folder.names(in: url.path).isEmpty { throw RunError.folderNotEmpty(path: url.path) }
      try Folder.create(checkpoints.path)
      try Folder.create(samples.path)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try AtomicFile.write([UInt8](try encoder.encode(configuration)), to: self.configuration.path)
    } catch RunError.folderNotEmpty(let path) {
      throw .folderNotEmpty(path: path)
    } catch {
      // What is left of a run that could not begin would keep the next one out.
      for left in existed ? [checkpoints, samples] : [url] { Folder.remove(left.path) }
      throw .file(path: url.path, reason: "cannot be made: \((error as? FileError)?.reason ?? "\(error)")")
    }
  }

  /// Opens the folder of a run.
  public init(opening url: URL) { self.url = url }

  /// Reads `config.json`.
  public func readConfiguration() throws(RunError) -> RunConfiguration {
    do {
      let bytes = try readFile(configuration.path, limit: Self.largestText)
      let configuration = try JSONDecoder().decode(RunConfiguration.self, from: Data(bytes))
      try configuration.model.validate(height: configuration.imageHeight, width: configuration.imageWidth)
      return configuration
    } catch {
      throw .notARun(path: url.path, reason: "config.json \(Self.reason(error))")
    }
  }

  /// Writes the sheet of an epoch, counted from 1.
  func write(_ sheet: ContactSheet, epoch: Int) throws {
    try Folder.create(samples.path)
    try sheet.rendered().writePNG(to: sample(epoch: epoch).path)
  }

  /// Replaces `metrics.csv`.
  func write(_ table: MetricsTable) throws(RunError) {
    do {
      try AtomicFile.write([UInt8](table.csv.utf8), to: metrics.path)
    } catch {
      throw .file(path: metrics.path, reason: "\(error.problem): \(error.reason)")
    }
  }

  /// Reads the rows of `metrics.csv` up to an epoch; none where the first epoch is not done.
  func readMetrics(columns: [String], throughEpoch epoch: Int) throws(RunError) -> MetricsTable {
    guard epoch > 0 else { return MetricsTable(columns: columns) }
    do {
      let text = String(decoding: try readFile(metrics.path, limit: Self.largestText), as: UTF8.self)
      return try MetricsTable(columns: columns, csv: text, throughEpoch: epoch)
    } catch {
      throw .notARun(path: url.path, reason: "metrics.csv \(Self.reason(error))")
    }
  }

  /// Largest size of a text file in the folder, in bytes; a larger one is none of ours.
  private static let largestText = 1 << 28

  private static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "has no \"\(key.stringValue)\""
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "has a wrong value at \"\(context.codingPath.map(\.stringValue).joined(separator: "."))\""
    case DecodingError.dataCorrupted: "is damaged"
    case let error as FileError: "\(error.problem): \(error.reason)"
    case let error as ModelError: "has an impossible model: \(error)"
    default: "\(error)"
    }
  }
}

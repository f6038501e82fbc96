import Foundation
import Imaging

/// The folder of a training run: `config.json`, `metrics.csv`, `samples/epoch_001.png`, `checkpoints/last.safetensors`,
/// `checkpoints/best.safetensors` and `checkpoints/last.state.safetensors`. Every file in it is whole at any moment.
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
    let files = FileManager.default
    do {
      if files.fileExists(atPath: url.path), try !files.contentsOfDirectory(atPath: url.path).isEmpty {
        throw RunError.folderNotEmpty(path: url.path)
      }
      try files.createDirectory(at: checkpoints, withIntermediateDirectories: true)
      try files.createDirectory(at: samples, withIntermediateDirectories: true)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try encoder.encode(configuration).write(to: self.configuration, options: .atomic)
    } catch let error as RunError {
      throw error
    } catch {
      throw .file(path: url.path, reason: "cannot be made: \(Self.reason(error))")
    }
  }

  /// Opens the folder of a run.
  public init(opening url: URL) { self.url = url }

  /// Reads `config.json`.
  public func readConfiguration() throws(RunError) -> RunConfiguration {
    do {
      return try JSONDecoder().decode(RunConfiguration.self, from: Data(contentsOf: configuration))
    } catch let error as DecodingError {
      throw .notARun(path: url.path, reason: "config.json \(Self.reason(error))")
    } catch {
      throw .notARun(path: url.path, reason: "config.json: \(Self.reason(error))")
    }
  }

  /// Replaces `metrics.csv`.
  func write(_ table: MetricsTable) throws(RunError) {
    do {
      try Data(table.csv.utf8).write(to: metrics, options: .atomic)
    } catch {
      throw .file(path: metrics.path, reason: "cannot be written: \(Self.reason(error))")
    }
  }

  /// Reads the rows of `metrics.csv` up to an epoch; none where there is no such file.
  func readMetrics(columns: [String], throughEpoch epoch: Int) -> MetricsTable {
    let text = (try? String(contentsOf: metrics, encoding: .utf8)) ?? ""
    return MetricsTable(columns: columns, csv: text, throughEpoch: epoch)
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "has no \"\(key.stringValue)\""
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "has a wrong value at \"\(context.codingPath.map(\.stringValue).joined(separator: "."))\""
    case DecodingError.dataCorrupted: "is damaged"
    case let error as CocoaError where error.code == .fileReadNoSuchFile: "there is no such file"
    case let error as CocoaError:
      (error.underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) }
        ?? error.localizedDescription
    default: error.localizedDescription
    }
  }
}

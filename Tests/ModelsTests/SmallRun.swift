import Data
import Foundation
import Models
import Runtime

/// A training run small enough for tests: scenes of 32×32 at width 4.
enum SmallRun {
  static func dataset(count: Int = 48) throws -> ImageDataset { try Scenes.dataset(.training, count: count, seed: 7) }

  static func configuration(
    _ kind: ModelKind, epochs: Int = 2, on backend: any Backend
  ) throws -> RunConfiguration {
    var options = TrainingOptions(recipeFor: kind)
    options.batchSize = 8
    return RunConfiguration(
      model: try ModelConfiguration(kind: kind, width: 4), options: options, data: "scenes", imageHeight: 32,
      imageWidth: 32, trainImages: 32, validationImages: 8, epochs: epochs, device: backend.name,
      deviceDescription: backend.deviceDescription, precision: backend.precision)
  }

  /// Calls `body` with the path of a folder that does not exist yet, and removes it afterwards.
  static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("recolor-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url)
  }

  /// The rows of metrics.csv without the two columns of time.
  static func lossColumns(of directory: RunDirectory) throws -> [[String]] {
    try String(contentsOf: directory.metrics, encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).dropLast(2).map(String.init)
    }
  }

  /// All tensors of a weights or state file.
  static func contents(of url: URL) throws -> [String: [Float]] {
    let file = try SafetensorsFile(reading: url)
    var contents: [String: [Float]] = [:]
    for name in file.tensors.keys { contents[name] = try file.values(name, as: Float.self) }
    return contents
  }

  /// Changes the JSON of a state file, and leaves its tensors.
  static func changeState(at url: URL, _ change: (inout [String: Any]) -> Void) throws {
    let file = try SafetensorsFile(reading: url)
    let text = Data((file.metadata["state"] ?? "").utf8)
    guard var state = try JSONSerialization.jsonObject(with: text) as? [String: Any] else {
      throw CocoaError(.coderInvalidValue)
    }
    change(&state)
    var metadata = file.metadata
    metadata["state"] = String(decoding: try JSONSerialization.data(withJSONObject: state), as: UTF8.self)
    let writer = try SafetensorsWriter(
      writing: url, tensors: file.tensors.mapValues { .init($0.dataType, $0.shape) }, metadata: metadata)
    for name in file.tensors.keys { try writer.write(name, file.values(name, as: Float.self)) }
    try writer.finish()
  }
}

import Files
import Foundation
import Runtime
import TestSupport
import Testing

@testable import Data
@testable import Models

/// Files of a run of an earlier build: `recolor train gan --width 1` on scenes, saved in the middle of its fourth
/// epoch.
///
/// `Fixtures/gan-run.tar.gz` holds the run's `config.json`, `metrics.csv`, weights, and of its state the header without
/// the tensors' data, which are as many numbers counted up from 0 here.
@Suite("Files of earlier builds")
struct EarlierFilesTests {
  private let folder: TemporaryFolder
  private let backend: any Backend

  init() throws {
    backend = try TestBackends.cpu.make()
    folder = try TemporaryFolder()
    let archive = try #require(
      Bundle.module.url(forResource: "gan-run.tar", withExtension: "gz", subdirectory: "Fixtures"))
    let reader = try ArchiveReader(path: archive.path)
    while let name = try reader.nextFile() { _ = try reader.extract(to: "\(folder.path)/\(name)") }
  }

  private func url(_ name: String) -> URL { URL(fileURLWithPath: folder.path).appendingPathComponent(name) }

  @Test("config.json")
  func configuration() throws {
    let found = try RunDirectory(opening: url("")).readConfiguration()
    var expected = RunConfiguration(
      model: try ModelConfiguration(kind: .gan, width: 1), options: TrainingOptions(recipeFor: .gan), data: "scenes",
      imageHeight: 32, imageWidth: 32, trainImages: 64, validationImages: 16, epochs: 4000, device: "cpu",
      deviceDescription: "AMD EPYC, 2 threads, AVX2", precision: .float32)
    expected.options.batchSize = 16
    expected.options.seed = 3
    expected.saveEvery = 3
    expected.version = "0.1.0"
    expected.dataFingerprint = found.dataFingerprint
    #expect(found == expected)
    #expect(found.toned == nil)
    #expect(found.dataFingerprint?.imageCount == 10000)
    #expect(found.dataFingerprint?.sha256.hasPrefix("84beb4bbd497f230") == true)
  }

  @Test("metrics.csv")
  func metrics() throws {
    let losses = try StepPlan(ModelConfiguration(kind: .gan, width: 1), height: 32, width: 32, batchSize: 1).step
      .lossNames
    let text = try String(contentsOf: url("metrics.csv"), encoding: .utf8)
    let table = try RunDirectory(opening: url("")).readMetrics(losses: losses, throughEpoch: 3)
    #expect(table.csv == text)
    // As an editor on Windows may save it.
    let edited = "\u{FEFF}" + text.split(separator: "\n").map { $0 + "\r\n" }.joined()
    try Data(edited.utf8).write(to: url("metrics.csv"))
    #expect(try RunDirectory(opening: url("")).readMetrics(losses: losses, throughEpoch: 3).csv == text)
    let configuration = try RunDirectory(opening: url("")).readConfiguration()
    let json = try String(contentsOf: url("config.json"), encoding: .utf8)
    try Data(("\u{FEFF}" + json).utf8).write(to: url("config.json"))
    #expect(try RunDirectory(opening: url("")).readConfiguration() == configuration)
  }

  @Test("A weights file")
  func weights() throws {
    let checkpoint = try Checkpoint(reading: url("last.safetensors"))
    #expect(checkpoint.configuration == (try ModelConfiguration(kind: .gan, width: 1)))
    #expect(checkpoint.imageSize.map { [$0.height, $0.width] } == [32, 32])
    #expect(checkpoint.metadata["step"] == "15")
    let parameters = try checkpoint.load(on: backend).parameters
    // First value and sum of all, read by NumPy.
    let expected: [String: (first: Float, sum: Double)] = [
      "encoding_unit1.0.weight": (0.0083405785, -0.09341058961581439),
      "encoding_unit1.1.running_mean": (-0.1550569, -0.155056893825531),
      "upsampling1.weight": (0.001851933, -0.0799202310115561), "decoding_unit5.0.bias": (0.9723127, 1.5874063372612),
    ]
    for (name, numbers) in expected {
      let parameter = try #require(parameters.parameters.first { $0.name == name })
      let values = try parameters.fileValues(of: parameter, on: backend)
      #expect(values[0] == numbers.first, "\(name)")
      #expect(abs(values.reduce(0) { $0 + Double($1) } - numbers.sum) < 1e-9, "\(name)")
    }
  }

  @Test("A training state")
  func state() throws {
    let header = try readFile(url("last.state.header").path)
    let layout = try JSONSerialization.jsonObject(with: Data(header.dropFirst(8))) as? [String: Any]
    let ends = try #require(layout).compactMap { (($0.value as? [String: Any])?["data_offsets"] as? [Int])?[1] }
    let count = try #require(ends.max()) / 4
    let numbers = (0..<count).map(Float.init).withUnsafeBytes { Data($0) }
    try (Data(header) + numbers).write(to: url("last.state.safetensors"))

    let configuration = try RunDirectory(opening: url("")).readConfiguration()
    let plan = StepPlan(
      configuration.model, options: configuration.options, images: DeviceImages(count: 64, height: 32, width: 32),
      trainingCount: 64, validationCount: 16)
    let trainer = try Trainer(plan, on: backend)
    let state = try TrainingState.read(from: url("last.state.safetensors"), into: trainer, on: backend)
    #expect(state.epoch == 3 && state.position == 48 && state.step == 15 && trainer.stepCount == 15)
    #expect(state.configuration == configuration)
    #expect(state.bestValidationError == 0.13635439615683867)
    #expect(state.pendingLosses == [1.9318552, 1.9925936, 2.188244, 2.0123248])
    #expect(try trainer.losses() == state.pendingLosses)
    #expect(state.lossSums.isEmpty && state.summedSteps == 0 && state.kept == nil)
    #expect(state.watch == DiscriminatorWatch())
    for (name, network) in trainer.networks {
      for (vector, prefix) in [
        (ParameterVector.value, "value"), (.firstMoment, "first_moment"), (.secondMoment, "second_moment"),
      ] {
        for parameter in network.parameters.parameters(in: vector) {
          let entry = try #require(layout?["\(name).\(prefix).\(parameter.name)"] as? [String: Any])
          let first = try #require((entry["data_offsets"] as? [Int])?[0]) / 4
          let values = try network.parameters.fileValues(of: parameter, in: vector, on: backend)
          #expect(values == (first..<first + values.count).map(Float.init), "\(name) \(prefix) \(parameter.name)")
        }
      }
    }
  }
}

import Data
import Foundation
import Runtime
import TestSupport
import Testing

@testable import Models

/// Runs that start from existing weights.
@Suite("Initial weights")
struct InitialWeightsTests {
  private let backend: any Backend

  init() throws { backend = try TestBackends.cpu.make() }

  /// Calls `body` with a folder and with weights in it, which are those of another seed than a run's.
  private func withWeights(
    _ model: ModelConfiguration, metadata: [String: String] = [:], _ body: (URL, Checkpoint) throws -> Void
  ) throws {
    try SmallRun.withFolder { folder in
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let url = folder.appendingPathComponent("weights.safetensors")
      try write(model, seed: 9, metadata: metadata, to: url)
      try body(folder, Checkpoint(reading: url))
    }
  }

  private func write(
    _ model: ModelConfiguration, seed: UInt64, metadata: [String: String] = [:], to url: URL
  ) throws {
    let network = model.makeNetwork()
    try network.parameters.allocate(on: backend, training: false)
    try network.parameters.initialize(on: backend, seed: seed, firstStream: 0)
    // Statistics and biases that begin at a constant, too.
    for parameter in network.parameters.parameters {
      let values = try network.parameters.fileValues(of: parameter, on: backend).enumerated().map {
        $1 + Float($0 + Int(seed)) / 1024
      }
      try network.parameters.setFileValues(values, of: parameter, on: backend)
    }
    try Checkpoint.write(network, configuration: model, metadata: metadata, to: url, on: backend)
  }

  private func configuration(_ model: ModelConfiguration) throws -> RunConfiguration {
    var configuration = try SmallRun.configuration(model.kind, on: backend)
    configuration.model = model
    configuration.options.averageDecay = 0.9
    return configuration
  }

  /// The tensors of the state that a new run writes before its first step.
  private func beginning(
    _ configuration: RunConfiguration, from weights: Checkpoint?, in folder: URL
  ) throws -> [String: [Float]] {
    let run = try TrainingRun(
      configuration, startingFrom: weights.map { ("first", $0) }, in: folder, dataset: SmallRun.dataset(), on: backend)
    return try SmallRun.contents(of: run.directory.state)
  }

  /// Weights, and a model that starts from them.
  private static let pairs: [(from: ModelKind, to: ModelKind, ColorSpace)] = [
    (.unet, .unet, .rgb), (.gan, .gan, .rgb), (.unet, .gan, .lab), (.gan, .unet, .lab),
  ]

  @Test("The generator and its average begin as the weights, everything else as without", arguments: pairs)
  func beginsAsTheWeights(from: ModelKind, to: ModelKind, colorSpace: ColorSpace) throws {
    let model = try ModelConfiguration(kind: from, width: 4, colorSpace: colorSpace)
    try withWeights(model) { folder, weights in
      let configuration = try configuration(ModelConfiguration(kind: to, width: 4, colorSpace: colorSpace))
      let plain = try beginning(configuration, from: nil, in: folder.appendingPathComponent("plain"))
      let begun = try beginning(configuration, from: weights, in: folder.appendingPathComponent("begun"))
      #expect(Set(begun.keys) == Set(plain.keys))
      let expected = try SmallRun.contents(of: #require(weights.url))
      for (name, values) in expected {
        #expect(begun["generator.value.\(name)"] == values, "\(name)")
        #expect(begun["generator_average.value.\(name)"] == values, "\(name)")
        #expect(plain["generator.value.\(name)"] != values, "\(name)")
      }
      for (name, values) in begun where !name.hasPrefix("generator.value.") && !name.hasPrefix("generator_average.") {
        #expect(values == plain[name], "\(name)")
      }
    }
  }

  @Test("The photographs may be larger than those of the weights")
  func largerPhotographs() throws {
    let model = try ModelConfiguration(kind: .unet, width: 4)
    try withWeights(model, metadata: ["image_height": "32", "image_width": "32"]) { folder, weights in
      var configuration = try configuration(model)
      (configuration.imageHeight, configuration.imageWidth, configuration.epochs) = (48, 48, 1)
      let run = try TrainingRun(
        configuration, startingFrom: ("first", weights), in: folder.appendingPathComponent("run"),
        dataset: Scenes.dataset(.training, count: 48, width: 48, height: 48, seed: 7), on: backend)
      #expect(try run.train { false } == .finished)
      #expect(try Checkpoint(reading: run.directory.last).imageSize?.width == 48)
    }
  }

  private static func model(
    _ kind: ModelKind = .unet, width: Int = 4, _ upsampling: UpsamplingKind = .nearest, _ colorSpace: ColorSpace = .rgb
  ) throws -> ModelConfiguration {
    try ModelConfiguration(kind: kind, width: width, upsampling: upsampling, colorSpace: colorSpace)
  }

  /// Models that weights of `model()` cannot start, each with parts of the message.
  private static func others() throws -> [(ModelConfiguration, [String])] {
    try [
      (model(width: 8), ["--width 4, not 8", "leave --width out"]),
      (model(.unet, .bilinear), ["--upsampling nearest, not bilinear"]),
      (model(.unet, .transposed), ["--upsampling nearest, not transposed"]),
      (model(.unet, .nearest, .lab), ["--color-space rgb, not lab"]),
      (model(.gan), ["of a unet", "those of a gan", "--color-space lab"]),
    ]
  }

  @Test("Weights of another network are refused, and leave no folder")
  func otherNetworks() throws {
    try withWeights(Self.model()) { folder, weights in
      for (model, parts) in try Self.others() {
        let run = folder.appendingPathComponent("run")
        let error = try #require(
          throws: RunError.self, "\(model)", performing: { try beginning(configuration(model), from: weights, in: run) }
        )
        for part in ["--init first: "] + parts { #expect(error.description.contains(part), "\(error)") }
        #expect(!FileManager.default.fileExists(atPath: run.path))
      }
    }
  }

  @Test("A run is resumed without the file that it started from, to the same bits")
  func resumesWithoutTheFile() throws {
    let model = try ModelConfiguration(kind: .gan, width: 4)
    try withWeights(model) { folder, weights in
      let configuration = try configuration(model)
      let dataset = try SmallRun.dataset()
      let parts = [folder.appendingPathComponent("whole"), folder.appendingPathComponent("parts")]
      for (index, url) in parts.enumerated() {
        var polls = 0
        let run = try TrainingRun(
          configuration, startingFrom: ("first", weights), in: url, dataset: dataset, on: backend)
        _ = try run.train {
          polls += 1
          return index == 1 && polls == 4
        }
      }
      try FileManager.default.removeItem(at: #require(weights.url))
      let resumed = try TrainingRun(resuming: parts[1], dataset: dataset, on: backend)
      #expect(resumed.isResumed && resumed.configuration.initialWeights?.name == "first")
      #expect(try resumed.train { false } == .finished)
      let states = try parts.map { try SmallRun.contents(of: RunDirectory(opening: $0).state) }
      #expect(states[0] == states[1])
    }
  }

  @Test("A run that was ended before it saved its initial weights does not begin anew with others")
  func endedBeforeTheFirstSave() throws {
    let model = try ModelConfiguration(kind: .unet, width: 4)
    try withWeights(model) { folder, weights in
      let url = folder.appendingPathComponent("run")
      _ = try beginning(configuration(model), from: weights, in: url)
      try FileManager.default.removeItem(at: RunDirectory(opening: url).state)
      let error = try #require(throws: RunError.self) {
        try TrainingRun(resuming: url, dataset: SmallRun.dataset(), on: backend)
      }
      #expect(error.description.contains("--init first"))
    }
  }

  @Test("The digest is one of the values alone, and a run that expects another one is refused")
  func digest() throws {
    let model = try ModelConfiguration(kind: .unet, width: 4)
    try withWeights(model) { folder, weights in
      let digest = try InitialWeights(name: "first", of: weights).sha256
      #expect(digest.wholeMatch(of: /[0-9a-f]{64}/) != nil)
      let copy = folder.appendingPathComponent("copy.safetensors")
      try write(model, seed: 9, metadata: ["epoch": "3"], to: copy)
      #expect(try InitialWeights(name: "copy", of: Checkpoint(reading: copy)).sha256 == digest)
      let other = folder.appendingPathComponent("other.safetensors")
      try write(model, seed: 10, to: other)
      var configuration = try configuration(model)
      configuration.initialWeights = InitialWeights(name: "earlier", sha256: digest)
      let run = folder.appendingPathComponent("run")
      let error = try #require(throws: RunError.self) {
        try beginning(configuration, from: Checkpoint(reading: other), in: run)
      }
      #expect(error.description.contains("SHA-256") && error.description.contains(digest))
      #expect(throws: RunError.self) { try beginning(configuration, from: nil, in: run) }
      _ = try beginning(configuration, from: Checkpoint(reading: copy), in: run)
      let written = try RunDirectory(opening: run).readConfiguration().initialWeights
      #expect(written == InitialWeights(name: "first", sha256: digest))
    }
  }
}

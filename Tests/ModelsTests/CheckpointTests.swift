import Foundation
import Runtime
import TestSupport
import Testing

@testable import Models

/// Weights files, and valid safetensors files that are none.
@Suite("Checkpoints")
struct CheckpointTests {
  private let backend: any Backend
  private let configuration: ModelConfiguration

  init() throws {
    backend = try TestBackends.cpu.make()
    configuration = try ModelConfiguration(kind: .unet, width: 2)
  }

  /// Writes the weights of a fresh network, changes them, and calls `body` with the file.
  private func withWeights(
    metadata: [String: String] = [:], change: (UNet) throws -> Void = { _ in }, _ body: (URL) throws -> Void
  ) throws {
    try SmallRun.withFolder { folder in
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let network = UNet(configuration)
      try network.parameters.allocate(on: backend, training: false)
      try network.parameters.initialize(on: backend, seed: 1, firstStream: 0)
      try change(network)
      let url = folder.appendingPathComponent("weights.safetensors")
      try Checkpoint.write(network, configuration: configuration, metadata: metadata, to: url, on: backend)
      try body(url)
    }
  }

  @Test("A weights file is read as written")
  func roundTrip() throws {
    try withWeights(metadata: ["image_height": "32", "image_width": "48"]) { url in
      let checkpoint = try Checkpoint(reading: url)
      #expect(checkpoint.configuration == configuration)
      #expect(checkpoint.imageSize?.height == 32 && checkpoint.imageSize?.width == 48)
      let network = try checkpoint.load(on: backend)
      let file = try SafetensorsFile(reading: url)
      for parameter in network.parameters.parameters {
        let values = try network.parameters.fileValues(of: parameter, on: backend)
        #expect(try values == file.values(parameter.name, as: Float.self))
      }
    }
  }

  @Test("Weights of float16 are loaded as the nearest numbers, and running statistics as they are")
  func halfPrecision() throws {
    try withWeights { network in
      let variance = network.parameters.parameters[5]
      try network.parameters.setFileValues(
        Array(repeating: 1e5, count: variance.shape.count), of: variance, on: backend)
    } _: { url in
      let checkpoint = try Checkpoint(reading: url)
      let half = url.deletingLastPathComponent().appendingPathComponent("half.safetensors")
      try WeightsExport(checkpoint, isHalf: true).write(to: half)
      #expect(try Data(contentsOf: half).count < Data(contentsOf: url).count * 6 / 10)
      let read = try Checkpoint(reading: half)
      #expect(read.configuration == configuration)
      for parameter in UNet(configuration).parameters.parameters {
        let values = try checkpoint.values(of: parameter)
        let expected = parameter.isTrained ? values.map { Float(Float16($0)) } : values
        #expect(try read.values(of: parameter) == expected)
      }
    }
  }

  @Test("An exported file states the architecture that its tensors have, and keeps the other metadata")
  func exportedMetadata() throws {
    try withWeights { url in
      let file = try SafetensorsFile(reading: url)
      let lying = url.deletingLastPathComponent().appendingPathComponent("lying.safetensors")
      let metadata = ["format": "pt", "model": "unet", "upsampling": "nearest", "image_width": "32", "note": "mine"]
      let writer = try SafetensorsWriter(
        writing: lying, tensors: file.tensors.mapValues { .init($0.dataType, $0.shape) }, metadata: metadata)
      for name in file.tensors.keys { try writer.write(name, file.values(name, as: Float.self)) }
      try writer.finish()
      let exported = url.deletingLastPathComponent().appendingPathComponent("exported.safetensors")
      try WeightsExport(Checkpoint(reading: lying), isHalf: false).write(to: exported)
      let found = try Checkpoint(reading: exported)
      #expect(found.configuration == configuration)
      #expect(found.metadata == metadata.merging(configuration.metadata) { $1 })
      #expect(found.metadata["upsampling"] == "transposed" && found.metadata["note"] == "mine")
    }
  }

  @Test("A file recommends settings of coloring, and keeps them when it is exported again")
  func recommendations() throws {
    try withWeights(metadata: ["image_height": "32", "image_width": "48"]) { url in
      let plain = try Checkpoint(reading: url)
      #expect(plain.coloringSettings == ColoringSettings(workingSize: 32, strength: 1, contrast: 0))
      let folder = url.deletingLastPathComponent()
      let first = folder.appendingPathComponent("first.safetensors")
      let second = folder.appendingPathComponent("second.safetensors")
      let recommended = ColoringChoice(workingSize: 80, strength: 1.25, contrast: 2)
      try WeightsExport(plain, isHalf: false, recommending: recommended).write(to: first)
      try WeightsExport(Checkpoint(reading: first), isHalf: true, recommending: ColoringChoice(strength: 1.5))
        .write(to: second)
      for (file, strength) in [(first, Float(1.25)), (second, 1.5)] {
        let checkpoint = try Checkpoint(reading: file)
        #expect(checkpoint.coloringSettings == ColoringSettings(workingSize: 80, strength: strength, contrast: 2))
      }
    }
  }

  @Test("A value that float16 cannot hold is not exported to it")
  func tooLargeForHalfPrecision() throws {
    try withWeights { network in
      let parameter = network.parameters.parameters[0]
      try network.parameters.setFileValues(
        Array(repeating: 1e6, count: parameter.shape.count), of: parameter, on: backend)
    } _: { url in
      let half = url.deletingLastPathComponent().appendingPathComponent("half.safetensors")
      let name = UNet(configuration).parameters.parameters[0].name
      #expect(throws: CheckpointError.notHalf(path: url.path, tensor: name)) {
        try WeightsExport(Checkpoint(reading: url), isHalf: true).write(to: half)
      }
      #expect(!FileManager.default.fileExists(atPath: half.path))
    }
  }

  @Test("Every built-in model loads and has a card", arguments: BuiltInModel.allCases)
  func builtIn(model: BuiltInModel) throws {
    let checkpoint = try Checkpoint(model)
    #expect(checkpoint.name == model.argument && checkpoint.url == nil && checkpoint.imageSize != nil)
    _ = try checkpoint.load(on: backend)
    #expect(model.card.contains("#") && BuiltInModel(argument: model.argument) == model)
  }

  @Test(
    "Wrong metadata are refused",
    arguments: [
      ("image_width", "0"), ("image_width", "-32"), ("image_height", "33"), ("image_height", "99999999999999999999"),
      ("image_height", "1048576"), ("working_size", "8"), ("working_size", "64.5"), ("strength", "-1"),
      ("strength", "nan"), ("color_contrast", "4.5"), ("color_contrast", "-0.5"),
    ])
  func wrongMetadata(key: String, value: String) throws {
    var metadata = ["image_height": "32", "image_width": "32"]
    metadata[key] = value
    try withWeights(metadata: metadata) { url in
      #expect(throws: CheckpointError.invalidMetadata(path: url.path, key: key, value: value)) {
        try Checkpoint(reading: url)
      }
    }
  }

  @Test("NaN and infinite values are refused", arguments: [Float.nan, .infinity])
  func notFinite(value: Float) throws {
    try withWeights { network in
      let parameter = network.parameters.parameters[5]
      try network.parameters.setFileValues(
        Array(repeating: value, count: parameter.shape.count), of: parameter, on: backend)
    } _: { url in
      let name = UNet(configuration).parameters.parameters[5].name
      #expect(throws: CheckpointError.notFinite(path: url.path, tensor: name)) {
        try Checkpoint(reading: url).load(on: backend)
      }
    }
  }

  @Test("A file of another model or of another shape is refused")
  func otherModel() throws {
    try SmallRun.withFolder { folder in
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let url = folder.appendingPathComponent("other.safetensors")
      let other = try SafetensorsWriter(
        writing: url, tensors: ["weight": .init(.float32, [1])], metadata: ["model": "unet"])
      try other.write("weight", [Float(1)])
      try other.finish()
      #expect(throws: CheckpointError.notAColorizer(path: url.path, missing: "encoding_unit1.0.weight")) {
        try Checkpoint(reading: url)
      }
      let wrong = try SafetensorsWriter(
        writing: url, tensors: ["encoding_unit1.0.weight": .init(.float32, [2, 1, 3, 3])],
        metadata: ["model": "unet", "upsampling": "nearest"])
      try wrong.write("encoding_unit1.0.weight", [Float](repeating: 0, count: 18))
      try wrong.finish()
      #expect(throws: SafetensorsError.self) { try Checkpoint(reading: url) }
    }
  }

  @Test("A file without metadata needs the kind of its model")
  func withoutMetadata() throws {
    try withWeights { url in
      let file = try SafetensorsFile(reading: url)
      let bare = url.deletingLastPathComponent().appendingPathComponent("bare.safetensors")
      let writer = try SafetensorsWriter(
        writing: bare, tensors: file.tensors.mapValues { .init($0.dataType, $0.shape) })
      for name in file.tensors.keys { try writer.write(name, file.values(name, as: Float.self)) }
      try writer.finish()
      #expect(throws: CheckpointError.unknownModel(path: bare.path)) { try Checkpoint(reading: bare) }
      #expect(try Checkpoint(reading: bare, kind: .unet).configuration == configuration)
    }
  }
}

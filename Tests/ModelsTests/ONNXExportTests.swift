import Foundation
import Protobufs
import Runtime
import SwiftProtobuf
import TestSupport
import Testing

@testable import Models

/// The contents of ONNX files. Scripts/check_onnx.py runs such files with ONNX Runtime.
@Suite("ONNX files")
struct ONNXExportTests {
  private let backend: any Backend

  init() throws { backend = try TestBackends.cpu.make() }

  /// Writes a fresh network's weights, exports them, and calls `body` with both.
  private func withExport(
    _ kind: ModelKind, _ upsampling: UpsamplingKind = .transposed, _ space: ColorSpace = .rgb,
    isNormalized: Bool = false,
    _ body: (ONNXModelProto, SafetensorsFile) throws -> Void
  ) throws {
    let configuration = try ModelConfiguration(kind: kind, width: 2, upsampling: upsampling, colorSpace: space)
    try SmallRun.withFolder { folder in
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let network = UNet(configuration)
      try network.parameters.allocate(on: backend, training: false)
      try network.parameters.initialize(on: backend, seed: 1, firstStream: 0)
      let weights = folder.appendingPathComponent("weights.safetensors")
      try Checkpoint.write(network, configuration: configuration, metadata: ["epoch": "3"], to: weights, on: backend)
      let url = folder.appendingPathComponent("model.onnx")
      try ONNXExport(Checkpoint(reading: weights), isNormalized: isNormalized).write(to: url)
      try body(
        ONNXModelProto(serializedBytes: Data(contentsOf: url)), SafetensorsFile(reading: weights))
    }
  }

  private func count(_ type: String, _ model: ONNXModelProto) -> Int { model.graph.node.count { $0.opType == type } }

  @Test("The nodes are the network's layers", arguments: ModelKind.allCases, UpsamplingKind.allCases)
  func nodes(kind: ModelKind, upsampling: UpsamplingKind) throws {
    let plan = try StepPlan(
      ModelConfiguration(kind: kind, width: 2, upsampling: upsampling), height: 32, width: 32, batchSize: 1)
    /// Layers that have a node of their own, by its type.
    var expected: [String: Int] = [:]
    for operation in plan.predictionOperations {
      switch operation {
      case is ConvolutionForward: expected["Conv", default: 0] += 1
      case is TransposedConvolutionForward: expected["ConvTranspose", default: 0] += 1
      case is UpsamplingForward: expected["Resize", default: 0] += 1
      case is MaxPoolingForward: expected["MaxPool", default: 0] += 1
      case is BatchNormalizationInference:
        expected["BatchNormalization", default: 0] += 1
        expected["LeakyRelu", default: 0] += 1
      case is ActivationForward: expected["Tanh", default: 0] += 1
      default: break
      }
    }
    // Five double units of the encoder, four of the decoder, four upsamplings and the output.
    #expect(expected["Conv", default: 0] + expected["ConvTranspose", default: 0] == 23)
    // The skip connections.
    expected["Concat"] = 4
    try withExport(kind, upsampling) { model, _ in
      for (type, count) in expected { #expect(self.count(type, model) == count, "\(type)") }
      #expect(model.graph.node.count == expected.values.reduce(0, +))
      #expect(model.graph.node.contains { $0.name == "encoding_unit1.0" && $0.opType == "Conv" })
    }
  }

  @Test("Nodes read what is there before them, and write each value once", arguments: [false, true])
  func order(isNormalized: Bool) throws {
    try withExport(.gan, .bilinear, isNormalized: isNormalized) { model, _ in
      let graph = model.graph
      var known = Set(graph.initializer.map(\.name) + graph.input.map(\.name))
      #expect(known.count == graph.initializer.count + 1)
      for node in graph.node {
        for input in node.input where !input.isEmpty { #expect(known.contains(input), "\(node.name): \(input)") }
        for output in node.output { #expect(known.insert(output).inserted, "\(output)") }
      }
      #expect(graph.node.last?.output == ["color"])
      #expect(Set(graph.node.map(\.name)).count == graph.node.count)
      #expect(graph.node.count { $0.opType == "Clip" } == (isNormalized ? 1 : 0))
    }
  }

  @Test("The weights are the checkpoint's, under its names")
  func weights() throws {
    try withExport(.unet) { model, file in
      #expect(Set(model.graph.initializer.map(\.name)) == Set(file.tensors.keys))
      for initializer in model.graph.initializer {
        let entry = try #require(file.tensors[initializer.name])
        #expect(initializer.dims == entry.shape.map(Int64.init))
        let values: [Float] = try file.values(initializer.name)
        #expect(Array(initializer.rawData) == values.withUnsafeBytes(Array.init))
      }
    }
  }

  @Test("Input and output say what they are")
  func inputAndOutput() throws {
    try withExport(.gan) { model, _ in
      #expect(model.opsetImport.map(\.version) == [13])
      let input = try #require(model.graph.input.first)
      let output = try #require(model.graph.output.first)
      #expect(input.name == "gray" && output.name == "color")
      let shape = input.type.tensorType.shape.dim
      #expect([shape[0], shape[2], shape[3]].map(\.dimParam) == ["batch", "height", "width"])
      #expect(shape[1].dimValue == 1)
      #expect(output.type.tensorType.shape.dim[1].dimValue == 3)
      #expect(input.docString.contains("-1...1"))
      let metadata = Dictionary(uniqueKeysWithValues: model.metadataProps.map { ($0.key, $0.value) })
      #expect(metadata["model"] == "gan" && metadata["width"] == "2" && metadata["epoch"] == "3")
      #expect(metadata["input"] == input.docString && metadata["output"] == output.docString)
    }
    try withExport(.gan, isNormalized: true) { model, _ in
      let input = try #require(model.graph.input.first)
      #expect(input.docString.contains("0...1"))
    }
  }

  @Test("A model of CIELAB has two channels, and says what they are")
  func lab() throws {
    try withExport(.gan, .transposed, .lab) { model, _ in
      let output = try #require(model.graph.output.first)
      #expect(output.type.tensorType.shape.dim[1].dimValue == 2)
      #expect(output.docString.contains("a* and b*") && output.docString.contains("/ 110"))
      let input = try #require(model.graph.input.first)
      #expect(input.docString.contains("L*") && input.docString.contains("/ 50 - 1"))
    }
    #expect(throws: ONNXError.notNormalizable) {
      try withExport(.unet, .transposed, .lab, isNormalized: true) { _, _ in }
    }
  }

  @Test("A model that no such file can hold is refused")
  func tooLarge() throws {
    let configuration = try ModelConfiguration(kind: .unet, width: 512)
    #expect(ONNXExport.byteCount(of: configuration) > Int(Int32.max))
    #expect(throws: ONNXError.self) { try ONNXExport.requireRoom(for: configuration) }
    #expect(throws: Never.self) { try ONNXExport.requireRoom(for: ModelConfiguration(kind: .unet, width: 128)) }
  }
}

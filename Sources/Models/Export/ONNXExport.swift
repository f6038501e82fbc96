import Files
import Foundation
import Protobufs
import Runtime
import SwiftProtobuf

/// Writes a network that colors as an ONNX file, for other programs to run: ONNX Runtime, OpenCV, TensorRT, browsers.
///
/// The graph has the input `gray`, `[batch, 1, height, width]`, and the output `color`, `[batch, 3, height, width]`
/// (for CIELAB 2 channels), both float32; batch, height and width are free, the latter two multiples of 16. The weights
/// have their PyTorch names. The file's documentation and metadata state the ranges of input and output.
public struct ONNXExport {
  /// The operator set that the graph is written in: old enough for nearly every program.
  static let operatorSet = 13
  /// The file format's version that came with this operator set.
  static let formatVersion = 7
  /// Largest message that Protocol Buffers can hold, in bytes.
  private static let largestFile = Int(Int32.max)

  private let checkpoint: Checkpoint
  private let isNormalized: Bool

  /// - Parameters:
  ///   - checkpoint: the model.
  ///   - isNormalized: whether gray and colors are in 0...1 whatever the model's own range, by nodes before and after
  ///     the network.
  /// - Throws: `ONNXError`, for a model of CIELAB that is to be normalized: its input and output have no such range.
  public init(_ checkpoint: Checkpoint, isNormalized: Bool = false) throws(ONNXError) {
    guard !isNormalized || checkpoint.configuration.colorSpace == .rgb else { throw .notNormalizable }
    self.checkpoint = checkpoint
    self.isNormalized = isNormalized
  }

  /// Writes the file, whole or not at all.
  /// - Throws: `ONNXError`, `SafetensorsError`, `CheckpointError`.
  public func write(to url: URL) throws {
    try Self.requireRoom(for: checkpoint.configuration)
    let bytes: [UInt8] = try model(checkpoint.configuration.makeNetwork()).serializedBytes()
    do throws(FileError) {
      try AtomicFile.write(bytes, to: url.path)
    } catch {
      throw ONNXError.file(path: url.path, reason: "\(error.problem): \(error.reason)")
    }
  }

  /// Bytes of a model's weights.
  static func byteCount(of configuration: ModelConfiguration) -> Int {
    configuration.makeNetwork().parameters.byteCount(training: false)
  }

  /// Throws where a model is too large, with a mebibyte left for everything beside the weights.
  static func requireRoom(for configuration: ModelConfiguration) throws(ONNXError) {
    let byteCount = byteCount(of: configuration) + (1 << 20)
    guard byteCount <= largestFile else { throw .tooLarge(byteCount: byteCount) }
  }

  private func model(_ network: any ColorNetwork) throws -> ONNXModelProto {
    let graph = try graph(network)
    let metadata = metadata.sorted { $0.key < $1.key }
    return .with {
      $0.irVersion = Int64(Self.formatVersion)
      $0.opsetImport = [.with { $0.version = Int64(Self.operatorSet) }]
      $0.producerName = "recolor"
      $0.producerVersion = RecolorVersion.current
      $0.docString = "Colors gray photographs. Input: \(ranges.input). Output: \(ranges.output)."
      $0.graph = graph
      $0.metadataProps = metadata.map { key, value in
        .with {
          $0.key = key
          $0.value = value
        }
      }
    }
  }

  private func graph(_ network: any ColorNetwork) throws -> ONNXGraphProto {
    let builder = PlanBuilder()
    // Any size gives the same graph.
    let gray = builder.tensor("gray", Shape(1, 32, 32, 1))
    let color = network(gray, Tape(builder, network.parameters, mode: .inference, label: "onnx"))
    let scaling = scaling
    var graph = ONNXGraph(network.parameters, input: gray, named: scaling == nil ? "gray" : "network.gray")
    if let scaling {
      graph.append("gray", scaling.input, result: "network.gray")
    }
    for operation in builder.operations { try graph.append(operation) }
    let own = graph.value(of: color)
    if let scaling {
      graph.append(own, scaling.output, result: "network.color")
      graph.clip("network.color", to: 0...1, result: "color")
    } else {
      graph.rename(own, to: "color")
    }
    for parameter in network.parameters.parameters {
      graph.addInitializer(parameter, values: try checkpoint.values(of: parameter))
    }
    return .with {
      $0.name = checkpoint.configuration.kind.rawValue
      $0.node = graph.nodes
      $0.initializer = graph.initializers
      $0.input = [.image("gray", channels: 1, ranges.input)]
      $0.output = [.image("color", channels: encoding.colorChannels, ranges.output)]
    }
  }

  /// The scalings between 0...1 and the network's own range; nil for none.
  private var scaling: (input: ONNXGraph.Scaling, output: ONNXGraph.Scaling)? {
    guard isNormalized, case .rgb(let byteScale, let shift) = encoding else { return nil }
    let scale = byteScale * 255
    return (.init(scale: scale, shift: shift), .init(scale: 1 / scale, shift: -shift / scale))
  }

  private var encoding: ColorEncoding { checkpoint.configuration.encoding }

  /// The ranges of input and output, in words.
  private var ranges: (input: String, output: String) {
    let size = "height and width multiples of 16"
    let gray = "the mean of a photograph's red, green and blue (sRGB)"
    let color = "red, green and blue (sRGB)"
    switch encoding {
    case .rgb where isNormalized: return ("\(gray), in 0...1; \(size)", "\(color), in 0...1")
    case .rgb(let scale, let shift):
      let range = "in \(Self.text(shift))...\(Self.text(255 * scale + shift))"
      return (
        "\(gray), \(range); \(size)", "\(color), \(range); what lies outside is to be clipped"
      )
    case .lab:
      return (
        "a photograph's L* (CIELAB, D65, 2 degrees) / \(Self.text(ColorEncoding.labLightnessScale)) - 1; \(size)",
        "a* and b* (CIELAB, D65, 2 degrees) / \(Self.text(ColorEncoding.labChromaScale)), to go with the input's L*"
      )
    }
  }

  /// Formats a number, whole numbers without a fraction.
  private static func text(_ value: Float) -> String {
    value == value.rounded() ? String(Int(value)) : String(value)
  }

  /// The metadata of the checkpoint, and the ranges of input and output.
  private var metadata: [String: String] {
    var metadata = checkpoint.metadata
    metadata["format"] = nil
    metadata["model"] = checkpoint.configuration.kind.rawValue
    metadata["width"] = String(checkpoint.configuration.width)
    metadata["upsampling"] = checkpoint.configuration.upsampling.rawValue
    metadata["color_space"] = checkpoint.configuration.colorSpace.rawValue
    metadata["input"] = ranges.input
    metadata["output"] = ranges.output
    return metadata
  }
}

/// A model that cannot be written as an ONNX file.
public enum ONNXError: Error, Equatable {
  /// An operation that has no counterpart in the file.
  case unknownOperation(String)
  /// Larger than a message of Protocol Buffers may be.
  case tooLarge(byteCount: Int)
  /// A model that predicts a* and b* was asked for numbers in 0...1.
  case notNormalizable
  /// A system call failed on the file.
  case file(path: String, reason: String)
}

extension ONNXError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownOperation(let name): "ONNX: there is nothing to write for the operation \(name)"
    case .tooLarge(let byteCount):
      "ONNX: the file would have \(byteCount) bytes, and can have 2 GiB at most; a model of a smaller width fits"
    case .notNormalizable:
      "--normalized: the model takes L* and gives a* and b* of CIELAB; leave it out, the file says how they are scaled"
    case .file(let path, let reason): "\(path): \(reason)"
    }
  }
}

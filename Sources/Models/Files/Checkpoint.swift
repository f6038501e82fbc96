import Foundation
import Runtime

/// A weights file of a network that colors, with its configuration. The weights are read when they are loaded.
///
/// Tensors have PyTorch's names and shapes, so weights move both ways. Metadata: `format` (`recolor`), `model`,
/// `width`, `upsampling`, `color_space`, `image_height`, `image_width` (of the training images), `epoch`, `step`,
/// `recipe` (the training options as JSON). A file without metadata is recognized by its tensors; only the model must
/// then be named, and the upsampling where it is not a transposed convolution.
public struct Checkpoint {
  public let url: URL
  public let configuration: ModelConfiguration
  /// Size of the images that the model was trained on; nil where the file lacks it.
  public let imageSize: (height: Int, width: Int)?
  public let metadata: [String: String]
  private let file: SafetensorsFile

  /// Opens a weights file and checks that it holds the whole network.
  /// - Parameters:
  ///   - kind: the kind of model, for files that lack it.
  ///   - upsampling: the upsampling, for files that lack it and whose tensors are the same for several kinds.
  /// - Throws: `SafetensorsError`, `CheckpointError`, `ModelError`.
  public init(reading url: URL, kind: ModelKind? = nil, upsampling: UpsamplingKind? = nil) throws {
    let file = try SafetensorsFile(reading: url)
    self.url = url
    self.file = file
    metadata = file.metadata
    guard let kind = try Self.value("model", in: file, ModelKind.init(rawValue:)) ?? kind else {
      throw CheckpointError.unknownModel(path: url.path)
    }
    let network = kind.network
    guard let traits = network.traits(ofTensors: file.tensors.mapValues(\.shape)) else {
      throw CheckpointError.notAColorizer(path: url.path, missing: network.characteristicTensor)
    }
    let stated = try Self.value("upsampling", in: file, UpsamplingKind.init(rawValue:)) ?? upsampling
    guard let upsampling = traits.upsampling ?? stated else { throw CheckpointError.unknownUpsampling(path: url.path) }
    let isLab = traits.colorChannels == ColorEncoding.lab.colorChannels
    let colorSpace = try Self.value("color_space", in: file, ColorSpace.init(rawValue:)) ?? (isLab ? .lab : .rgb)
    let width = traits.width
    configuration = try ModelConfiguration(kind: kind, width: width, upsampling: upsampling, colorSpace: colorSpace)
    _ = try Self.value("width", in: file) { Int($0) == width ? width : nil }
    let height = try Self.value("image_height", in: file, Self.imageExtent)
    let imageWidth = try Self.value("image_width", in: file, Self.imageExtent)
    imageSize = height.flatMap { height in imageWidth.map { (height, $0) } }
    for parameter in configuration.makeNetwork().parameters.parameters {
      try Self.check(parameter, in: file)
    }
  }

  /// Parses the height or width of images that a model takes.
  private static func imageExtent(_ text: String) -> Int? {
    Int(text).flatMap {
      ModelConfiguration.imageExtents.contains($0) && $0.isMultiple(of: ModelConfiguration.extentMultiple) ? $0 : nil
    }
  }

  private static func value<Value>(
    _ key: String, in file: SafetensorsFile, _ parse: (String) -> Value?
  ) throws(CheckpointError) -> Value? {
    guard let text = file.metadata[key] else { return nil }
    guard let value = parse(text) else {
      throw .invalidMetadata(path: file.url.path, key: key, value: text)
    }
    return value
  }

  private static func check(_ parameter: Parameter, in file: SafetensorsFile) throws(SafetensorsError) {
    guard let entry = file.tensors[parameter.name] else {
      throw SafetensorsError(path: file.url.path, tensor: parameter.name, problem: .missing)
    }
    guard entry.dataType == .float32 else {
      throw SafetensorsError(
        path: file.url.path, tensor: parameter.name,
        problem: .wrongDataType(expected: .float32, found: entry.dataType))
    }
    guard entry.shape == parameter.fileShape else {
      throw SafetensorsError(
        path: file.url.path, tensor: parameter.name,
        problem: .wrongShape(expected: parameter.fileShape, found: entry.shape))
    }
  }

  /// Makes the network and loads the file's weights into it.
  public func load(on backend: any Backend) throws -> any ColorNetwork {
    let network = configuration.makeNetwork()
    try network.parameters.allocate(on: backend, training: false)
    try load(into: network.parameters, on: backend)
    return network
  }

  /// Loads the file's weights into the parameters of a network of the same configuration.
  public func load(into parameters: ParameterSet, on backend: any Backend) throws {
    for parameter in parameters.parameters {
      try parameters.setFileValues(values(of: parameter), of: parameter, on: backend)
    }
  }

  /// Reads a parameter's elements, in the file's order.
  func values(of parameter: Parameter) throws -> [Float] {
    let values = try file.values(parameter.name, as: Float.self, shape: parameter.fileShape)
    guard values.allSatisfy(\.isFinite) else {
      throw CheckpointError.notFinite(path: url.path, tensor: parameter.name)
    }
    return values
  }

  /// Writes a weights file: whole or not at all, and on the disk when this returns.
  public static func write(
    _ network: any ColorNetwork, configuration: ModelConfiguration, metadata: [String: String] = [:], to url: URL,
    on backend: any Backend
  ) throws {
    try prepare(network, configuration: configuration, metadata: metadata, for: url, on: backend).finish()
  }

  /// Writes a weights file, which takes its name when its writer finishes.
  /// - Throws: `SafetensorsError`, `BackendError`.
  static func prepare(
    _ network: any ColorNetwork, configuration: ModelConfiguration, metadata extra: [String: String], for url: URL,
    on backend: any Backend
  ) throws -> SafetensorsWriter {
    var metadata = extra
    metadata["format"] = "recolor"
    metadata["model"] = configuration.kind.rawValue
    metadata["width"] = String(configuration.width)
    metadata["upsampling"] = configuration.upsampling.rawValue
    metadata["color_space"] = configuration.colorSpace.rawValue
    let parameters = network.parameters.parameters
    let writer = try SafetensorsWriter(
      writing: url,
      tensors: Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, .init(.float32, $0.fileShape)) }),
      metadata: metadata)
    for parameter in parameters {
      try writer.write(parameter.name, try network.parameters.fileValues(of: parameter, on: backend))
    }
    return writer
  }
}

/// A valid safetensors file that is not a checkpoint or training state of this program.
public enum CheckpointError: Error, Hashable {
  /// The metadata lacks the kind of model, as in a file that PyTorch wrote.
  case unknownModel(path: String)
  case notAColorizer(path: String, missing: String)
  case invalidMetadata(path: String, key: String, value: String)
  /// The metadata lacks the upsampling, and the tensors are the same for nearest and bilinear.
  case unknownUpsampling(path: String)
  /// A value that is NaN or infinite.
  case notFinite(path: String, tensor: String)
  /// A training state that does not fit the run it is resumed in.
  case wrongState(path: String, reason: String)
}

extension CheckpointError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownModel(let path): "\(path): does not say whether it is a \(Self.models); say it with --model"
    case .notAColorizer(let path, let missing): "\(path): not a colorizer's weights, there is no tensor \(missing)"
    case .invalidMetadata(let path, let key, let value): "\(path): metadata \"\(key)\" cannot be \"\(value)\""
    case .unknownUpsampling(let path):
      "\(path): does not say whether its upsampling is nearest or bilinear; say it with --upsampling"
    case .notFinite(let path, let tensor):
      "\(path): \(tensor) holds values that are not finite; the training that wrote it had diverged"
    case .wrongState(let path, let reason): "\(path): \(reason)"
    }
  }
}

extension CheckpointError {
  /// The kinds of models: "unet or a gan".
  private static var models: String { ModelKind.allCases.map(\.rawValue).joined(separator: " or a ") }
}

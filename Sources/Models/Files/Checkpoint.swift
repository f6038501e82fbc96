import Foundation
import Runtime

/// A weights file: what colorizing needs, and what it is. The numbers are read when they are loaded.
///
/// Tensors have PyTorch's names and shapes, so weights move both ways. Metadata: `format` (`recolor`), `model`, `width`,
/// `upsampling`, `color_space`, `image_height`, `image_width` (of the training images), `epoch`, `step`, `recipe` (the training options as
/// JSON). A file without metadata is recognized by its tensors; only the model must then be named, and the upsampling where
/// it is no transposed convolution.
public struct Checkpoint {
  public let url: URL
  public let configuration: ModelConfiguration
  /// Size of the images that it was trained on; nil where the file does not say.
  public let imageSize: (height: Int, width: Int)?
  public let metadata: [String: String]
  private let file: SafetensorsFile

  /// Opens a weights file and checks that it holds a whole U-Net.
  /// - Parameters:
  ///   - kind: what the model is where the file does not say.
  ///   - upsampling: how its decoder upsamples where the file does not say and its tensors do not tell.
  /// - Throws: `SafetensorsError`, `CheckpointError`, `ModelError`.
  public init(reading url: URL, kind: ModelKind? = nil, upsampling: UpsamplingKind? = nil) throws {
    let file = try SafetensorsFile(reading: url)
    self.url = url
    self.file = file
    metadata = file.metadata
    guard let kind = try Self.value("model", in: file, ModelKind.init(rawValue:)) ?? kind else {
      throw CheckpointError.unknownModel(path: url.path)
    }
    guard let first = file.tensors["encoding_unit1.0.weight"], let width = first.shape.first else {
      throw CheckpointError.notAUNet(path: url.path, missing: "encoding_unit1.0.weight")
    }
    let told = try Self.value("upsampling", in: file, UpsamplingKind.init(rawValue:)) ?? upsampling
    guard let upsampling = file.tensors["upsampling1.weight"] != nil ? .transposed : told else {
      throw CheckpointError.unknownUpsampling(path: url.path)
    }
    let isLab = file.tensors["decoding_unit5.0.weight"]?.shape.first == ColorEncoding.lab.colorChannels
    let colorSpace = try Self.value("color_space", in: file, ColorSpace.init(rawValue:)) ?? (isLab ? .lab : .rgb)
    configuration = try ModelConfiguration(kind: kind, width: width, upsampling: upsampling, colorSpace: colorSpace)
    _ = try Self.value("width", in: file) { Int($0) == width ? width : nil }
    let height = try Self.value("image_height", in: file, Self.imageExtent)
    let imageWidth = try Self.value("image_width", in: file, Self.imageExtent)
    imageSize = height.flatMap { height in imageWidth.map { (height, $0) } }
    for parameter in UNet(configuration).parameters.parameters {
      try Self.check(parameter, in: file)
    }
  }

  /// Height or width of the images that a model is for.
  private static func imageExtent(_ text: String) -> Int? {
    Int(text).flatMap { ModelConfiguration.imageExtents.contains($0) && $0.isMultiple(of: 16) ? $0 : nil }
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

  /// Makes the network and fills it with the file's numbers.
  public func load(on backend: any Backend) throws -> UNet {
    let network = UNet(configuration)
    try network.parameters.allocate(on: backend, training: false)
    try load(into: network.parameters, on: backend)
    return network
  }

  /// Fills a network of the same configuration with the file's numbers.
  public func load(into parameters: ParameterSet, on backend: any Backend) throws {
    for parameter in parameters.parameters {
      try parameters.setFileValues(values(of: parameter), of: parameter, on: backend)
    }
  }

  /// A parameter's numbers in PyTorch's order.
  func values(of parameter: Parameter) throws -> [Float] {
    let values = try file.values(parameter.name, as: Float.self, shape: parameter.fileShape)
    guard values.allSatisfy(\.isFinite) else {
      throw CheckpointError.notFinite(path: url.path, tensor: parameter.name)
    }
    return values
  }

  /// Writes a weights file: whole or not at all, and on the disk when this returns.
  public static func write(
    _ network: UNet, configuration: ModelConfiguration, metadata: [String: String] = [:], to url: URL,
    on backend: any Backend
  ) throws {
    try prepare(network, configuration: configuration, metadata: metadata, for: url, on: backend).finish()
  }

  /// Writes a weights file that takes its name when its writer finishes.
  /// - Throws: `SafetensorsError`, `BackendError`.
  static func prepare(
    _ network: UNet, configuration: ModelConfiguration, metadata extra: [String: String], for url: URL,
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

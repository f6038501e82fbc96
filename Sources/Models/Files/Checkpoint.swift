import Foundation
import Runtime

/// A weights file of a network that colors, with its configuration. The weights are read when they are loaded.
///
/// Tensors have PyTorch's names and shapes, so weights move both ways. Metadata: `format` (`recolor`), `model`,
/// `width`, `upsampling`, `color_space`, `image_height`, `image_width` (of the training images), `epoch`, `step`,
/// `recipe` (the training options as JSON); `working_size`, `strength` and `color_contrast`, which coloring photographs
/// uses unless others are chosen. Tensors are of float32, or of float16 to halve the file; networks compute in float32
/// in any case. A file without metadata is recognized by its tensors; only the model must then be named, and the
/// upsampling where it is not a transposed convolution.
public struct Checkpoint {
  /// The file's path, or the name of a built-in model.
  public let name: String
  /// The file; nil for a built-in model.
  public let url: URL?
  public let configuration: ModelConfiguration
  /// Size of the images that the model was trained on; nil where the file lacks it.
  public let imageSize: (height: Int, width: Int)?
  /// The settings of coloring that the file recommends.
  public let recommendation: ColoringChoice
  public let metadata: [String: String]
  private let file: SafetensorsFile

  /// Opens a weights file and checks that it holds the whole network.
  /// - Parameters:
  ///   - kind: the kind of model, for files that lack it.
  ///   - upsampling: the upsampling, for files that lack it and whose tensors are the same for several kinds.
  /// - Throws: `SafetensorsError`, `CheckpointError`, `ModelError`.
  public init(reading url: URL, kind: ModelKind? = nil, upsampling: UpsamplingKind? = nil) throws {
    try self.init(SafetensorsFile(reading: url), at: url, kind: kind, upsampling: upsampling)
  }

  /// Opens the weights of a built-in model.
  /// - Throws: `SafetensorsError`, `CheckpointError`, `ModelError`.
  public init(_ model: BuiltInModel) throws {
    try self.init(SafetensorsFile(in: model.weights, named: model.argument), at: nil, kind: nil, upsampling: nil)
  }

  private init(_ file: SafetensorsFile, at url: URL?, kind: ModelKind?, upsampling: UpsamplingKind?) throws {
    name = file.name
    self.url = url
    self.file = file
    metadata = file.metadata
    guard let kind = try file.value("model", ModelKind.init(rawValue:)) ?? kind else {
      throw CheckpointError.unknownModel(path: name)
    }
    let network = kind.network
    guard let traits = network.traits(ofTensors: file.tensors.mapValues(\.shape)) else {
      throw CheckpointError.notAColorizer(path: name, missing: network.characteristicTensor)
    }
    let stated = try file.value("upsampling", UpsamplingKind.init(rawValue:)) ?? upsampling
    guard let upsampling = traits.upsampling ?? stated else { throw CheckpointError.unknownUpsampling(path: name) }
    let isLab = traits.colorChannels == ColorEncoding.lab.colorChannels
    let colorSpace = try file.value("color_space", ColorSpace.init(rawValue:)) ?? (isLab ? .lab : .rgb)
    let width = traits.width
    configuration = try ModelConfiguration(kind: kind, width: width, upsampling: upsampling, colorSpace: colorSpace)
    _ = try file.value("width") { Int($0) == width ? width : nil }
    let height = try file.value("image_height", Self.imageExtent)
    let imageWidth = try file.value("image_width", Self.imageExtent)
    imageSize = height.flatMap { height in imageWidth.map { (height, $0) } }
    recommendation = try ColoringChoice(in: file)
    for parameter in configuration.makeNetwork().parameters.parameters {
      try Self.check(parameter, in: file)
    }
  }

  /// The settings of coloring photographs where none are chosen: those that the file recommends; else the size of its
  /// training images, or 32 where that is not known, and the colors as the network gives them.
  public var coloringSettings: ColoringSettings {
    recommendation.settings(over: ColoringSettings(workingSize: imageSize.map { min($0.width, $0.height) } ?? 32))
  }

  /// Parses the height or width of images that a model takes.
  private static func imageExtent(_ text: String) -> Int? {
    Int(text).flatMap {
      ModelConfiguration.imageExtents.contains($0) && $0.isMultiple(of: ModelConfiguration.extentMultiple) ? $0 : nil
    }
  }

  private static func check(_ parameter: Parameter, in file: SafetensorsFile) throws(SafetensorsError) {
    guard let entry = file.tensors[parameter.name] else {
      throw SafetensorsError(path: file.name, tensor: parameter.name, problem: .missing)
    }
    guard entry.dataType == .float32 || entry.dataType == .float16 else {
      throw SafetensorsError(
        path: file.name, tensor: parameter.name,
        problem: .wrongDataType(expected: .float32, found: entry.dataType))
    }
    guard entry.shape == parameter.fileShape else {
      throw SafetensorsError(
        path: file.name, tensor: parameter.name,
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
    let values = try file.floats(parameter.name, shape: parameter.fileShape)
    guard values.allSatisfy(\.isFinite) else {
      throw CheckpointError.notFinite(path: name, tensor: parameter.name)
    }
    return values
  }

  /// Writes a weights file: whole or not at all, and on the disk when this returns.
  public static func write(
    _ network: any ColorNetwork, configuration: ModelConfiguration, metadata: [String: String] = [:], to url: URL,
    on backend: any Backend
  ) throws {
    try prepare(
      network, configuration: configuration, metadata: metadata, for: url, followingLinks: true, on: backend
    ).finish()
  }

  /// Writes a weights file, which takes its name when its writer finishes.
  /// - Parameter followingLinks: See `AtomicFile.init`; false for a name that the program owns.
  /// - Throws: `SafetensorsError`, `BackendError`.
  static func prepare(
    _ network: any ColorNetwork, configuration: ModelConfiguration, metadata extra: [String: String], for url: URL,
    followingLinks: Bool, on backend: any Backend
  ) throws -> SafetensorsWriter {
    let metadata = extra.merging(configuration.metadata) { $1 }
    let parameters = network.parameters.parameters
    let writer = try SafetensorsWriter(
      writing: url,
      tensors: Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, .init(.float32, $0.fileShape)) }),
      metadata: metadata, followingLinks: followingLinks)
    for parameter in parameters {
      try writer.write(parameter.name, try network.parameters.fileValues(of: parameter, on: backend))
    }
    return writer
  }
}

extension ModelConfiguration {
  /// The metadata of a weights file about the architecture.
  var metadata: [String: String] {
    [
      "format": "recolor", "model": kind.rawValue, "width": String(width), "upsampling": upsampling.rawValue,
      "color_space": colorSpace.rawValue,
    ]
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
  /// The weights are finite and their predictions are not.
  case overflowingPrediction(path: String)
  /// A value that is too large for float16.
  case notHalf(path: String, tensor: String)
  /// A training state that does not fit the run it is resumed in.
  case wrongState(path: String, reason: String)
}

extension CheckpointError {
  /// Throws `overflowingPrediction` where a value that weights predict is NaN or infinite, which clipping to a color
  /// would hide.
  /// - Parameter name: The weights' name.
  static func requireFinite(_ values: ArraySlice<Float>, predictedBy name: String) throws(CheckpointError) {
    guard values.allSatisfy(\.isFinite) else { throw .overflowingPrediction(path: name) }
  }
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
    case .overflowingPrediction(let path):
      "\(path): the predicted colors are NaN or infinite: the weights are so large that computing with them overflows; "
        + "train anew with a smaller --learning-rate"
    case .notHalf(let path, let tensor): "\(path): \(tensor) holds values that are too large for float16"
    case .wrongState(let path, let reason): "\(path): \(reason)"
    }
  }
}

extension CheckpointError {
  /// The kinds of models: "unet or a gan".
  private static var models: String { ModelKind.allCases.map(\.rawValue).joined(separator: " or a ") }
}

extension SafetensorsFile {
  /// Returns a value of the metadata, parsed; nil where the file lacks it.
  /// - Throws: `CheckpointError.invalidMetadata` where `parse` returns nil.
  func value<Value>(_ key: String, _ parse: (String) -> Value?) throws(CheckpointError) -> Value? {
    guard let text = metadata[key] else { return nil }
    guard let value = parse(text) else { throw .invalidMetadata(path: name, key: key, value: text) }
    return value
  }
}

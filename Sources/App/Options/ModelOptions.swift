import ArgumentParser
import Models

/// The options for the sizes of a model, its images and its batches, of the commands that show or measure models.
struct ModelOptions: ParsableArguments {
  @Option(
    name: .customLong("width"), parsing: .unconditional,
    help: "Channels of the first level; the levels below have 2 to 16 times as many. (default: 64)")
  private var givenWidth: Int?
  @Option(
    name: .customLong("size"), parsing: .unconditional,
    help: ArgumentHelp("Width and height of the images, a multiple of 16. (default: 32)", valueName: "pixels"))
  private var givenSize: Int?
  @Option(
    name: .customLong("batch-size"), parsing: .unconditional,
    help: ArgumentHelp("Photographs in a batch. (default: 64)", valueName: "images"))
  private var givenBatchSize: Int?
  @Option(name: .customLong("upsampling"), help: "How the decoder doubles its maps. (default: transposed)")
  private var givenUpsampling: UpsamplingKind?

  var width: Int { givenWidth ?? 64 }
  var size: Int { givenSize ?? 32 }
  var batchSize: Int { givenBatchSize ?? 64 }
  var upsampling: UpsamplingKind { givenUpsampling ?? .transposed }

  /// The names of the options that are given.
  var given: [String] {
    [
      (givenWidth != nil, "--width"), (givenSize != nil, "--size"), (givenBatchSize != nil, "--batch-size"),
      (givenUpsampling != nil, "--upsampling"),
    ].compactMap { $0 ? $1 : nil }
  }

  func configuration(_ kind: ModelKind) throws(ModelError) -> ModelConfiguration {
    try ModelConfiguration(kind: kind, width: width, upsampling: upsampling)
  }

  /// Throws `ValidationError` where one of the models does not exist in this size or does not take images of this size.
  func validate(for kinds: [ModelKind]) throws {
    try RunRequirements.batchSize.check(batchSize, of: "batch-size")
    for kind in kinds {
      try Self.validate(size: size) { () throws(ModelError) in try configuration(kind) }
    }
  }

  /// Throws `ValidationError` where a model does not take images of a size.
  /// - Parameter configuration: The model.
  static func validate(size: Int, _ configuration: () throws(ModelError) -> ModelConfiguration) throws {
    do throws(ModelError) {
      try configuration().validate(height: size, width: size)
    } catch {
      if case .invalidWidth = error { throw ValidationError("--\(error).") }
      throw ValidationError("--size \(size): \(error).")
    }
  }
}

extension ModelKind: ExpressibleByArgument {
  /// The names for help and messages: `unet or gan`.
  static let names = Format.list(allCases.map(\.rawValue), "or")
}

extension UpsamplingKind: ExpressibleByArgument {}

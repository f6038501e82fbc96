import ArgumentParser
import Models

/// The options for the sizes of a model, its images and its batches, of the commands that show or measure models.
struct ModelOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Channels of the first level; the levels below have 2 to 16 times as many.")
  var width = 64
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Width and height of the images, a multiple of 16.", valueName: "pixels"))
  var size = 32
  @Option(parsing: .unconditional, help: ArgumentHelp("Photographs in a batch.", valueName: "images"))
  var batchSize = 64
  @Option(help: "How the decoder doubles its maps.")
  var upsampling: UpsamplingKind = .transposed

  func configuration(_ kind: ModelKind) throws(ModelError) -> ModelConfiguration {
    try ModelConfiguration(kind: kind, width: width, upsampling: upsampling)
  }

  static var batchSizes: Requirement<Int> { .within(1...65_536) }

  /// Throws `ValidationError` where one of the models does not exist in this size or does not take images of this size.
  func validate(for kinds: [ModelKind]) throws {
    try Self.batchSizes.check(batchSize, of: "batch-size")
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

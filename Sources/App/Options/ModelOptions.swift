import ArgumentParser
import Models

/// The options that say how large a model, its images and its batches are, of the commands that look at models.
struct ModelOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Channels of the first level; the levels below have 2 to 16 times as many.")
  var width = 64
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Width and height of the images, a multiple of 16.", valueName: "pixels"))
  var size = 32
  @Option(parsing: .unconditional, help: ArgumentHelp("Images in a training step.", valueName: "images"))
  var batchSize = 64
  @Option(help: "How the decoder doubles its maps.")
  var upsampling: UpsamplingKind = .transposed

  func configuration(_ kind: ModelKind) throws(ModelError) -> ModelConfiguration {
    try ModelConfiguration(kind: kind, width: width, upsampling: upsampling)
  }

  /// Throws where there can be no such model, or none that anything could hold.
  func validate(for kinds: [ModelKind]) throws {
    try Self.validate(batchSize: batchSize)
    for kind in kinds {
      try Self.validate(size: size) { () throws(ModelError) in try configuration(kind) }
    }
  }

  static func validate(batchSize: Int) throws {
    guard (1...65_536).contains(batchSize) else {
      throw ValidationError("--batch-size \(batchSize): must be from 1 to 65536.")
    }
  }

  /// - Parameter configuration: makes the model that must take images of this size.
  static func validate(size: Int, _ configuration: () throws(ModelError) -> ModelConfiguration) throws {
    do throws(ModelError) {
      try configuration().validate(height: size, width: size)
    } catch {
      if case .invalidWidth = error { throw ValidationError("--\(error).") }
      throw ValidationError("--size \(size): \(error).")
    }
  }
}

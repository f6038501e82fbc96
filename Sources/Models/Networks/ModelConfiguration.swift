import Runtime

/// The architecture of a model, without weights.
public struct ModelConfiguration: Codable, Hashable, Sendable {
  public var kind: ModelKind
  /// Channels of the first level; the others have 2, 4, 8 and 16 times as many. 64 in the study.
  public var width: Int
  public var upsampling: UpsamplingKind
  /// The color space that the network predicts in.
  public var colorSpace: ColorSpace

  /// - Throws: `ModelError.invalidWidth`.
  public init(kind: ModelKind, width: Int = 64, upsampling: UpsamplingKind = .transposed, colorSpace: ColorSpace = .rgb)
    throws(ModelError)
  {
    guard Self.widths.contains(width) else { throw .invalidWidth(width) }
    self.kind = kind
    self.width = width
    self.upsampling = upsampling
    self.colorSpace = colorSpace
  }

  /// Channels of the first level that a model can have.
  public static let widths = 1...1024

  /// Heights and widths of images that models take; larger ones are a mistake or fit no memory.
  public static let imageExtents = 16...4096
  /// Heights and widths of images are multiples of this: a network halves its maps up to four times.
  public static let extentMultiple = 16

  /// Decodes a configuration, which may come from a file that was edited: throws what the other initializer throws.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      kind: container.decode(ModelKind.self, forKey: .kind), width: container.decode(Int.self, forKey: .width),
      upsampling: container.decode(UpsamplingKind.self, forKey: .upsampling),
      // Older files have none.
      colorSpace: container.decodeIfPresent(ColorSpace.self, forKey: .colorSpace) ?? .rgb)
  }

  /// The encoding of the network's input and output.
  public var encoding: ColorEncoding { colorSpace == .lab ? .lab : kind.trainingStep.rgbEncoding }

  /// Throws where the model cannot take images of this size.
  public func validate(height: Int, width: Int) throws(ModelError) {
    let smallest = kind.trainingStep.smallestImageExtent
    guard
      [height, width].allSatisfy({
        $0.isMultiple(of: Self.extentMultiple) && $0 >= smallest && Self.imageExtents.contains($0)
      })
    else {
      throw .invalidSize(height: height, width: width, kind: kind, smallest: smallest)
    }
  }

  /// Makes the network that colors, without memory.
  func makeNetwork() -> any ColorNetwork { kind.network.init(self) }
}

/// A kind of model: the network that colors, and how it is trained. Its raw value is its name in commands and files.
public enum ModelKind: String, Codable, Sendable, CaseIterable {
  /// U-Net autoencoder trained on an error of its colors.
  case unet
  /// Conditional DCGAN whose generator is the same U-Net.
  case gan

  /// The network that colors.
  var network: any ColorNetwork.Type {
    switch self {
    case .unet, .gan: UNet.self
    }
  }

  /// The kind of its training step.
  var trainingStep: any TrainingStep.Type {
    switch self {
    case .unet: AutoencoderStep.self
    case .gan: GANStep.self
    }
  }
}

/// The color space that a network predicts in.
public enum ColorSpace: String, Codable, Sendable, CaseIterable {
  /// Red, green and blue from their mean: the study's.
  case rgb
  /// a* and b* of CIELAB from L*, which the prediction keeps (Zhang, Isola and Efros 2016, section 2).
  case lab
}

/// The decoder's upsampling, which doubles its maps.
public enum UpsamplingKind: String, Codable, Sendable, CaseIterable {
  /// A transposed convolution 3×3 of stride 2, as in the study.
  case transposed
  /// Nearest neighbor, then a convolution 3×3.
  case nearest
  /// Bilinear, then a convolution 3×3.
  case bilinear
}

/// A model that cannot be built as requested. `description` is one line.
public enum ModelError: Error, Hashable {
  case invalidWidth(Int)
  case invalidSize(height: Int, width: Int, kind: ModelKind, smallest: Int)
}

extension ModelError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalidWidth(let width):
      let widths = ModelConfiguration.widths
      return "width \(width): must be from \(widths.lowerBound) to \(widths.upperBound)"
    case .invalidSize(let height, let width, let kind, let smallest):
      let (multiple, largest) = (ModelConfiguration.extentMultiple, ModelConfiguration.imageExtents.upperBound)
      return "image size \(width)×\(height): \(kind.rawValue) needs multiples of \(multiple), from"
        + " \(smallest)×\(smallest) to \(largest)×\(largest)"
    }
  }
}

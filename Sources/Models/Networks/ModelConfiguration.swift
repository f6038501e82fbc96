import Runtime

/// What a model is, apart from the numbers in it.
public struct ModelConfiguration: Codable, Hashable, Sendable {
  public var kind: ModelKind
  /// Channels of the first level; the others have 2, 4, 8 and 16 times as many. 64 in the study.
  public var width: Int
  public var upsampling: UpsamplingKind
  /// What the network predicts.
  public var colorSpace: ColorSpace

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

  /// Heights and widths of images that are worked on; larger ones are a mistake or fit no memory.
  public static let imageExtents = 16...4096

  private enum CodingKeys: String, CodingKey {
    case kind, width, upsampling, colorSpace
  }

  /// Refuses what the other initializer refuses: a configuration may come from a file that somebody edited.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      kind: container.decode(ModelKind.self, forKey: .kind), width: container.decode(Int.self, forKey: .width),
      upsampling: container.decode(UpsamplingKind.self, forKey: .upsampling),
      // Files from before there was a choice have none.
      colorSpace: container.decodeIfPresent(ColorSpace.self, forKey: .colorSpace) ?? .rgb)
  }

  /// The numbers that the generator takes and gives.
  public var encoding: ColorEncoding {
    switch (colorSpace, kind) {
    case (.lab, _): .lab
    case (.rgb, .unet): .rgb(scale: 1 / 255, shift: 0)
    case (.rgb, .gan): .rgb(scale: 2 / 255, shift: -1)
    }
  }

  /// Throws where images of this size cannot be used: the U-Net halves four times, and the discriminator's last kernel
  /// needs a map of at least 2×2.
  public func validate(height: Int, width: Int) throws(ModelError) {
    let smallest = kind == .gan ? 32 : 16
    guard
      [height, width].allSatisfy({ $0.isMultiple(of: 16) && $0 >= smallest && Self.imageExtents.contains($0) })
    else {
      throw .invalidSize(height: height, width: width, kind: kind, smallest: smallest)
    }
  }
}

import Runtime

/// The tile of the CPU bodies of Winograd's algorithm, by the shape of a convolution.
enum WinogradVectorTile {
  /// Stride 1: 4 × 4 pixels, 36 products in the place of 144.
  case side4
  /// Stride 1: a whole map of 2 × 2 pixels, 9 products in the place of 16 that are not of the padding.
  case map2x2
  /// Stride 2, from 4 × 4 pixels of the map to 8 × 8 of the image, 81 products in the place of 144.
  case stride2ToImage
  /// Stride 2, from the image to 4 × 4 pixels of the map, 81 products in the place of 144.
  case stride2ToMap

  /// Nil where there is none: the kernel is 3 × 3 and the padding 1, with stride 1 of a convolution or stride 2; a filter
  /// sum with stride 2 is that of a transposed convolution.
  init?(for problem: ConvolutionProblem) {
    if Winograd.fits(problem) {
      self = Winograd.isMap2x2(problem.map.shape) ? .map2x2 : .side4
      return
    }
    // The filter sum leads from the map to the image.
    guard problem.geometry == ConvolutionGeometry(kernel: 3, stride: 2, padding: 1),
      problem.target != .weights || problem.weightsInput == .map
    else { return nil }
    self = problem.target == .map ? .stride2ToMap : .stride2ToImage
  }

  /// Elements of the transform domain for a tile.
  var elementCount: Int {
    switch self {
    case .side4: 36
    case .map2x2: 9
    case .stride2ToImage, .stride2ToMap: 81
    }
  }

  /// Elements of the transformed weights, of which those of stride 2 are multiplied with up to 16 elements.
  var weightElementCount: Int { self == .map2x2 ? 9 : 36 }

  /// Returns the tiles of a batch of maps.
  func count(of map: Shape) -> Int { self == .map2x2 ? map.batch : Winograd.tiles(of: map) }

  /// Whether so many of the tiles' pixels exist that they pay. With stride 2 a full tile takes 81 of its pixels' 144
  /// multiply-adds, so three quarters of them should exist; see `Winograd.fillsTiles` for stride 1.
  func isFilled(_ map: Shape) -> Bool {
    switch self {
    case .side4, .map2x2: Winograd.fillsTiles(map)
    case .stride2ToImage, .stride2ToMap: Winograd.tiles(of: map) * 16 * 3 <= map.pixelCount * 4
    }
  }
}

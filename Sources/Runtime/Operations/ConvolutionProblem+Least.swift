extension ConvolutionProblem {
  /// Outputs of a tile along each axis, for which minimal filtering is exact enough in single precision.
  private static let tile = 4

  /// Multiply-adds of products after minimal filtering, without its transforms.
  ///
  /// Along an axis, the taps that meet every s-th pixel of the image form a filter of r taps, of which stride s has s.
  /// Its m outputs take m + r − 1 multiplications: F(m, r) of Winograd, "Arithmetic Complexity of Computations", 1980;
  /// two axes take the product of theirs. Here m is 4, or the map's extent where that is smaller. As many suffice for
  /// all three passes, whose bilinear forms are transposes of each other.
  public var leastMultiplyAdds: Int {
    let factor =
      leastMultiplications(taps: geometry.kernelHeight, outputs: map.shape.height)
      * leastMultiplications(taps: geometry.kernelWidth, outputs: map.shape.width)
    return Int((Double(map.shape.count * image.shape.channels) * factor).rounded())
  }

  /// Returns the multiplications for each pixel of the map along an axis.
  private func leastMultiplications(taps: Int, outputs: Int) -> Double {
    let tile = min(Self.tile, outputs)
    return (0..<min(geometry.stride, taps)).reduce(0) { sum, phase in
      let filter = (taps - phase + geometry.stride - 1) / geometry.stride
      return sum + min(Double(filter), Double(tile + filter - 1) / Double(tile))
    }
  }
}

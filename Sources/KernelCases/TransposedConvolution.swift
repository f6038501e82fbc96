import Runtime

extension TransposedConvolutionForward: ReferencedOperation {}
extension TransposedConvolutionBackwardData: ReferencedOperation {}
extension TransposedConvolutionBackwardFilter: ReferencedOperation {}

extension KernelCases {
  static func transposedConvolution(_ size: CaseSize) -> [KernelCase] {
    ConvolutionVariant.allTransposed(size).flatMap(\.cases)
  }
}

extension ConvolutionVariant {
  /// Transposed convolutions.
  static func allTransposed(_ size: CaseSize) -> [ConvolutionVariant] {
    switch size {
    case .smallest:
      [
        ConvolutionVariant(
          height: 3, width: 2, inputChannels: 3, outputChannels: 5, geometry: three, outputPadding: 1,
          accumulate: true),
        ConvolutionVariant(
          batch: 2, height: 1, width: 1, inputChannels: 5, outputChannels: 3, geometry: three, outputPadding: 1,
          bias: false, input: .channelSlice(before: 1, after: 1), output: .channelSlice(before: 1, after: 2)),
        ConvolutionVariant(
          height: 2, width: 3, inputChannels: 3, outputChannels: 4, geometry: four, outputPadding: 0, exact: true),
        ConvolutionVariant(height: 2, width: 3, inputChannels: 3, outputChannels: 1, geometry: two, outputPadding: 0),
      ]
    case .awkward: transposedGeometries + transposedPlacements
    case .trainingStep(let width, let batch):
      (0..<4).map { level in
        ConvolutionVariant(
          batch: batch, height: 16 >> level, width: 16 >> level, inputChannels: width << (level + 1),
          outputChannels: width << level, geometry: three, outputPadding: 1)
      }
    }
  }

  private static let three = ConvolutionGeometry(kernel: 3, stride: 2, padding: 1)
  private static let four = ConvolutionGeometry(kernel: 4, stride: 2, padding: 1)
  private static let two = ConvolutionGeometry(kernel: 2, stride: 2)

  private static var transposedGeometries: [ConvolutionVariant] {
    let odd = ConvolutionGeometry(kernelHeight: 5, kernelWidth: 3, stride: 3, padding: 2)
    let shapes: [(ConvolutionGeometry, Int, Int, Int, Int, Int, Int)] = [
      // geometry, output padding, batch, height, width, input channels, output channels
      (three, 1, 3, 1, 1, 3, 17), (three, 1, 1, 2, 2, 17, 16), (three, 1, 3, 2, 2, 64, 33), (three, 1, 3, 5, 7, 3, 17),
      (three, 1, 1, 4, 4, 33, 64), (three, 1, 3, 8, 8, 16, 17), (three, 1, 1, 16, 16, 32, 16),
      (three, 0, 3, 5, 4, 17, 3), (three, 0, 5, 4, 4, 48, 32), (three, 1, 2, 8, 7, 64, 80),
      (three, 0, 1, 13, 16, 16, 17),
      // Enough tiles for transforms of their own before the products.
      (three, 1, 4, 32, 32, 16, 17),
      (three, 1, 1, 7, 3, 1, 1), (three, 1, 3, 3, 9, 1, 3), (three, 1, 2, 13, 5, 17, 1),
      (four, 0, 3, 4, 4, 16, 3), (four, 0, 1, 5, 3, 17, 33), (four, 1, 1, 3, 2, 3, 17), (four, 0, 3, 1, 1, 3, 5),
      (two, 0, 3, 5, 3, 17, 16), (two, 0, 1, 1, 1, 1, 3), (two, 1, 3, 2, 5, 3, 17),
      (odd, 2, 3, 4, 5, 3, 17), (ConvolutionGeometry(kernel: 3, stride: 1, padding: 1), 0, 3, 5, 7, 17, 3),
      (ConvolutionGeometry(kernel: 1, stride: 2), 1, 3, 3, 4, 17, 3),
      (ConvolutionGeometry(kernel: 2, stride: 3), 0, 3, 3, 4, 3, 5),
    ]
    return shapes.flatMap { geometry, padding, batch, height, width, inputChannels, outputChannels in
      let variant = ConvolutionVariant(
        batch: batch, height: height, width: width, inputChannels: inputChannels, outputChannels: outputChannels,
        geometry: geometry, outputPadding: padding)
      var exact = variant
      exact.bias = false
      exact.accumulate = true
      exact.exact = !variant.mayBeWinograd
      return [variant, exact]
    }
  }

  private static var transposedPlacements: [ConvolutionVariant] {
    let shapes = [(three, 3, 5, 7, 16, 17), (three, 1, 8, 8, 16, 8), (four, 3, 4, 3, 17, 3)]
    return shapes.flatMap { geometry, batch, height, width, inputChannels, outputChannels -> [ConvolutionVariant] in
      let variant = ConvolutionVariant(
        batch: batch, height: height, width: width, inputChannels: inputChannels, outputChannels: outputChannels,
        geometry: geometry, outputPadding: geometry.kernelHeight == 3 ? 1 : 0)
      var both = variant
      both.input = .channelSlice(before: 1, after: 2)
      both.output = .channelSlice(before: 5, after: 0)
      both.accumulate = true
      var aligned = variant
      aligned.output = .channelSlice(before: 0, after: 16)
      var images = variant
      images.input = .imageSlice(before: 1, after: 1)
      images.output = .imageSlice(before: 2, after: 0)
      images.weights = .flat(before: 3, after: 5)
      return [both, aligned, images]
    }
  }
}

/// Every case of every operation. The tests and `check` read these.
public enum KernelCases {
  /// The cases of one size, operation by operation.
  public static func all(_ size: CaseSize) -> [KernelCase] {
    let cases =
      activation(size)
      + convolution(size)
      + transposedConvolution(size)
      + batchNormalization(size)
      + maxPooling(size)
      + upsampling(size)
      + concatenation(size)
      + meanSquaredError(size)
      + l1Loss(size)
      + binaryCrossEntropy(size)
      + adam(size)
      + exponentialMovingAverage(size)
      + spectralNormalization(size)
      + batchGather(size)
      + fill(size)
      + randomFill(size)
    // Variants that differ in something that only another pass has give the same case twice.
    var seen = Set<String>()
    return cases.filter { seen.insert($0.description).inserted }
  }
}

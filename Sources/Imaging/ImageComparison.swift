/// A predicted image and its photograph, in the forms that the metrics need. Its memory is reused for the next pair.
struct ImageComparison: ~Copyable {
  let pixelCount: Int
  /// `[3, height, width]` in 0...1
  let photograph: UnsafeMutablePointer<Double>
  let prediction: UnsafeMutablePointer<Double>
  /// `[height, width]`
  let photographLab: UnsafeMutablePointer<CIELAB>
  let predictionLab: UnsafeMutablePointer<CIELAB>
  /// Mean squared error of the values in 0...1.
  private(set) var meanSquaredError = 0.0
  let similarity: StructuralSimilarity

  /// The linear value of each byte.
  private static let linearLight: [Double] = (0..<256).map { SRGB.linear(Double($0) / 255) }

  init(width: Int, height: Int) {
    pixelCount = width * height
    photograph = .allocate(capacity: 3 * pixelCount)
    prediction = .allocate(capacity: 3 * pixelCount)
    photographLab = .allocate(capacity: pixelCount)
    predictionLab = .allocate(capacity: pixelCount)
    photograph.initialize(repeating: 0, count: 3 * pixelCount)
    prediction.initialize(repeating: 0, count: 3 * pixelCount)
    photographLab.initialize(repeating: CIELAB(lightness: 0, a: 0, b: 0), count: pixelCount)
    predictionLab.initialize(repeating: CIELAB(lightness: 0, a: 0, b: 0), count: pixelCount)
    similarity = StructuralSimilarity(width: width, height: height)
  }

  deinit {
    photograph.deallocate()
    prediction.deallocate()
    photographLab.deallocate()
    predictionLab.deallocate()
  }

  /// - Parameter bytes: `[height, width, 3]`
  mutating func setPhotograph(_ bytes: UnsafeBufferPointer<UInt8>) {
    precondition(bytes.count == 3 * pixelCount, "the photograph is of another size")
    read(bytes, into: photograph, photographLab)
  }

  /// - Parameter bytes: `[height, width, 3]`
  mutating func setPrediction(_ bytes: UnsafeBufferPointer<UInt8>) {
    precondition(bytes.count == 3 * pixelCount, "the prediction is of another size")
    read(bytes, into: prediction, predictionLab)
    meanSquaredError = squaredError(ofFirst: pixelCount) / Double(3 * pixelCount)
  }

  private func read(
    _ bytes: UnsafeBufferPointer<UInt8>, into planes: UnsafeMutablePointer<Double>, _ lab: UnsafeMutablePointer<CIELAB>
  ) {
    Self.linearLight.withUnsafeBufferPointer { linear in
      for pixel in 0..<pixelCount {
        let (red, green, blue) = (bytes[3 * pixel], bytes[3 * pixel + 1], bytes[3 * pixel + 2])
        planes[pixel] = Double(red) / 255
        planes[pixelCount + pixel] = Double(green) / 255
        planes[2 * pixelCount + pixel] = Double(blue) / 255
        lab[pixel] = CIELAB(linear: SIMD3(linear[Int(red)], linear[Int(green)], linear[Int(blue)]))
      }
    }
  }

  /// - Parameter values: `[height, width, 3]`. Values outside 0...1 are clamped; NaN becomes 0.
  mutating func setPrediction(_ values: UnsafeBufferPointer<Float>) {
    precondition(values.count == 3 * pixelCount, "the prediction is of another size")
    for pixel in 0..<pixelCount {
      for channel in 0..<3 {
        let value = Double(values[3 * pixel + channel])
        prediction[channel * pixelCount + pixel] = value > 0 ? min(value, 1) : 0
      }
    }
    comparePrediction()
  }

  mutating func setPredictionToGrayCopy() {
    for pixel in 0..<pixelCount {
      let mean = (photograph[pixel] + photograph[pixelCount + pixel] + photograph[2 * pixelCount + pixel]) / 3
      for channel in 0..<3 { prediction[channel * pixelCount + pixel] = mean }
    }
    comparePrediction()
  }

  mutating func setPredictionToPhotograph() {
    prediction.update(from: photograph, count: 3 * pixelCount)
    predictionLab.update(from: photographLab, count: pixelCount)
    meanSquaredError = 0
  }

  /// Computes what several metrics have in common.
  private mutating func comparePrediction() {
    meanSquaredError = squaredError(ofFirst: pixelCount) / Double(3 * pixelCount)
    for pixel in 0..<pixelCount {
      predictionLab[pixel] = CIELAB(
        red: prediction[pixel], green: prediction[pixelCount + pixel], blue: prediction[2 * pixelCount + pixel])
    }
  }

  /// Returns the sum of the squared errors of the first `count` pixels' values in 0...1.
  func squaredError(ofFirst count: Int) -> Double {
    var sum = 0.0
    for channel in 0..<3 {
      for index in channel * pixelCount..<channel * pixelCount + count {
        let error = prediction[index] - photograph[index]
        sum += error * error
      }
    }
    return sum
  }

  /// Returns the sum of the color differences CIEDE2000 of the first `count` pixels; see `colorDifference`.
  func colorDifference(ofFirst count: Int) -> Double {
    var sum = 0.0
    for pixel in 0..<count { sum += Imaging.colorDifference(predictionLab[pixel], photographLab[pixel]) }
    return sum
  }

  // Scores: one number for the pair, with errors of values in 0...1.

  /// Mean absolute error.
  func meanAbsoluteError() -> Double {
    var sum = 0.0
    for index in 0..<3 * pixelCount { sum += abs(prediction[index] - photograph[index]) }
    return sum / Double(3 * pixelCount)
  }

  /// Structural similarity by Wang et al. (2004), the mean of the three channels; see `StructuralSimilarity`.
  func structuralSimilarity() -> Double {
    var sum = 0.0
    for channel in 0..<3 {
      sum += similarity.mean(prediction + channel * pixelCount, photograph + channel * pixelCount)
    }
    return sum / 3
  }

  /// The share of pixels within ε by Nazeri, Ng and Ebrahimi, "Image colorization using generative adversarial
  /// networks" (2018): with CIELAB's coordinates rounded, L is at most ε off and a and b at most 2.2 ε each, all three
  /// together.
  /// - Parameter percent: ε.
  func accuracy(percent: Float) -> Double {
    var count = 0
    for pixel in 0..<pixelCount
    where RoundedDistance(predictionLab[pixel], photographLab[pixel]).isWithin(percent: percent) {
      count += 1
    }
    return Double(count) / Double(pixelCount)
  }

  /// Mean over pixels of the color difference CIEDE2000; see `colorDifference`.
  func meanColorDifference() -> Double { colorDifference(ofFirst: pixelCount) / Double(pixelCount) }

  /// Colorfulness of the prediction by Hasler and Süsstrunk (2003), on the scale 0...255.
  func predictionColorfulness() -> Double { colorfulness(red: prediction, pixelCount: pixelCount) }
}

/// The distance of two colors in rounded CIELAB coordinates, by coordinate.
private struct RoundedDistance {
  private let lightness: Float
  private let a: Float
  private let b: Float

  init(_ first: CIELAB, _ second: CIELAB) {
    lightness = abs(Self.rounded(first.lightness) - Self.rounded(second.lightness))
    a = abs(Self.rounded(first.a) - Self.rounded(second.a))
    b = abs(Self.rounded(first.b) - Self.rounded(second.b))
  }

  /// Rounds halves to even, as TensorFlow and NumPy do.
  private static func rounded(_ value: Float) -> Float { value.rounded(.toNearestOrEven) }

  /// Whether L, of a range of 100, and a and b, of 220, each differ by so many percent of their range at most.
  func isWithin(percent: Float) -> Bool {
    lightness <= percent && a <= 2.2 * percent && b <= 2.2 * percent
  }
}

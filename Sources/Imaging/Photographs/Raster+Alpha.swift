extension Raster {
  /// Undoes the multiplication of the colors by alpha that some files are stored with.
  func divideByAlpha() {
    guard hasAlpha else { return }
    if bytesPerSample == 1 {
      divideByAlpha(bytes.bindMemory(to: UInt8.self))
    } else {
      divideByAlpha(bytes.bindMemory(to: UInt16.self))
    }
  }

  private func divideByAlpha<Sample: FixedWidthInteger>(_ samples: UnsafeMutableBufferPointer<Sample>) {
    let (step, highest) = (sampleCount, Int(Sample.max))
    for pixel in stride(from: 0, to: samples.count, by: step) {
      let alpha = Int(samples[pixel + step - 1])
      guard alpha > 0, alpha < highest else { continue }
      for channel in pixel..<pixel + step - 1 {
        samples[channel] = Sample(min(highest, (Int(samples[channel]) * highest + alpha / 2) / alpha))
      }
    }
  }
}

import Runtime

// Tensor cores are used only after they were seen to work: inline PTX is no part of OpenCL, and a driver may refuse it
// or make something else of it.

extension CLBackend {
  /// Returns the precision on this device: `requested`, or if nil TF32 where tensor cores pass the check.
  /// - Throws: `BackendError.unsupportedPrecision` where `requested` is not available.
  func resolved(_ requested: Precision?) throws(BackendError) -> Precision {
    if requested == .float32 { return .float32 }
    let precision = requested ?? .tensorFloat32
    let isClaimed = device.hasTensorCores && bodies == .gpu
    let fault = isClaimed ? tensorCoreFault(precision) : "it has no tensor cores that NVIDIA's driver tells of"
    guard let fault else { return precision }
    if requested != nil { throw .unsupportedPrecision(precision, device: "\(name) (\(device.name))", reason: fault) }
    if isClaimed {
      Remarks.warning("\(device.name): \(precision) is not used, as its tensor cores do not pass the check: \(fault)")
    }
    return .float32
  }

  /// Checks tensor cores with convolutions of small whole numbers, whose results must equal the plain kernels' bit for
  /// bit. Returns the reason for which they cannot be used, in one line, or nil.
  ///
  /// A passed check is stored in the program cache for these kernels, this device and driver.
  func tensorCoreFault(_ precision: Precision) -> String? {
    do throws(BackendError) {
      var question = "tensor cores compute in \(precision)"
      for file in ["convolution_tensor.cl", "convolution_tensor_filter.cl"] { question += try sources.text(of: file) }
      if cache?.holds(question, for: device) ?? false { return nil }
      for tiles in TensorTiles.standard(precision) {
        for probe in Self.probes() {
          if let fault = try self.fault(of: probe, tiles) { return fault }
        }
      }
      cache?.keep(question, for: device)
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// Returns the fault of `probe` with `tiles`; nil where its sums are right to the bit.
  ///
  /// Once the first operand needs all bits of the precision and the second one few, once vice versa: sums are exact in
  /// float, and no part of either operand is 0 by chance.
  func fault(of probe: ConvolutionProblem, _ tiles: TensorTiles) throws(BackendError) -> String? {
    let algorithm =
      probe.target == .weights
      ? AnyAlgorithm(TensorFilter(for: probe, tiles: tiles)) : AnyAlgorithm(TensorData(for: probe, tiles: tiles))
    for wide in [0, 1] {
      let expected = try results(of: probe, plainAlgorithm(for: probe), wide: wide)
      guard try results(of: probe, algorithm, wide: wide) == expected else {
        return "\(probe.title) gives wrong sums with \(tiles)"
      }
    }
    return nil
  }

  /// Convolutions whose sizes fit no tile: forward with padding, transposed weights and sub-pixel phases, gradients of
  /// weights.
  static func probes() -> [ConvolutionProblem] {
    let geometry = ConvolutionGeometry(kernel: 3, stride: 2, padding: 1)
    let image = Tensor("image", Shape(3, 9, 7, 36)), map = Tensor("map", Shape(3, 5, 4, 20))
    let weights = Tensor("weights", Shape(3, 3, 36, 20)), bias = Tensor("bias", Shape(vector: 20))
    return [
      ConvolutionForward(input: image, weights: weights, bias: bias, output: map, geometry: geometry).problem,
      ConvolutionBackwardData(outputGradient: map, weights: weights, inputGradient: image, geometry: geometry).problem,
      ConvolutionBackwardFilter(
        input: image, outputGradient: map, weightsGradient: weights, biasGradient: nil, geometry: geometry
      ).problem,
    ]
  }

  /// Returns the elements that `probe` writes.
  /// - Parameter wide: index of the operand with the large numbers.
  private func results(of probe: ConvolutionProblem, _ algorithm: AnyAlgorithm, wide: Int) throws(BackendError)
    -> [Float]
  {
    let tensors = probe.reads + probe.writes
    defer { for tensor in tensors { tensor.storage.memory = nil } }
    for (index, tensor) in tensors.enumerated() {
      tensor.storage.memory = try memory(
        holding: Self.wholeNumbers(tensor.shape.count, to: index == wide ? 1023 : 3, seed: index))
    }
    let planned = plan(probe, by: algorithm)
    try planned.bind(workspace: try allocate(byteCount: max(planned.workspaceByteCount, 1))).run()
    let result = probe.writes[0]
    var values = [Float](repeating: .nan, count: result.shape.count)
    let memory = try memory(of: result, for: probe.title)
    try values.withUnsafeMutableBufferPointer { (buffer) throws(BackendError) in
      try download(memory, byteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
    }
    return values
  }

  /// −largest ... largest, in an order that no stride of a tile repeats.
  private static func wholeNumbers(_ count: Int, to largest: Int, seed: Int) -> [Float] {
    (0..<count).map { place in
      Float(((place &* 2_654_435_761 &+ seed &* 97) >> 7) % (2 * largest + 1) - largest)
    }
  }

  private func memory(holding values: [Float]) throws(BackendError) -> DeviceMemory {
    let memory = try allocate(byteCount: values.count * ElementType.float32.byteCount)
    try values.withUnsafeBufferPointer { (buffer) throws(BackendError) in
      try upload(UnsafeRawBufferPointer(buffer), to: memory, byteOffset: 0)
    }
    return memory
  }
}

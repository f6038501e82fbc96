import Runtime

/// The partition of `[pixels][channels]` for batch normalization: blocks of pixels, by the channels of a group. It
/// decides the bits of the result, and depends on the shape, the kernels' variant and the device's largest group alone.
struct BatchNormalizationTiling {
  let channels: Int
  let pixels: Int
  /// Pixels of a block.
  let block: Int
  /// CPU bodies: neighbouring channels of a vector.
  let vector: Int
  /// CPU bodies: neighbouring vectors of a work-item.
  let lines: Int
  /// GPU bodies: work-items of a group along the channels and along the pixels.
  let lanes: Int
  let rows: Int
  private let bodies: KernelBodies
  private let regionAlignment: Int

  /// - Parameter given: pixels of a block, where what came before has made blocks of them; nil for a good number.
  init(_ shape: Shape, block given: Int? = nil, on backend: CLBackend) {
    channels = shape.channels
    pixels = shape.pixelCount
    bodies = backend.bodies
    regionAlignment = backend.regionAlignment
    let vector = [16, 8, 4, 2].first { shape.channels.isMultiple(of: $0) } ?? 1
    let lines = [4, 2].first { (shape.channels / vector).isMultiple(of: $0) } ?? 1
    self.vector = vector
    self.lines = lines
    var lanes = 32
    while lanes > 4, lanes / 2 >= shape.channels { lanes /= 2 }
    (self.lanes, rows) = backend.reductionGroup(columns: lanes)

    if let given {
      block = given
      return
    }
    // Of a CPU body 16 KiB where vectors are full: half of a first-level cache.
    var block = bodies == .cpu ? 256 / lines : 256
    if bodies == .gpu {
      // Enough groups to fill a large GPU, where the tensor is large enough for that.
      let channelGroups = ceilDivide(shape.channels, lanes)
      while block > 32, shape.pixelCount / block * channelGroups < 1024 { block /= 2 }
    }
    // GPUs allow at least 65,535 groups in direction 1.
    while shape.pixelCount / block >= 32_768 { block *= 2 }
    self.block = block
  }

  /// Whether the backward pass needs more than single precision: with few pixels the terms of the gradient nearly
  /// cancel.
  var hasFewPixels: Bool { pixels <= 8 }

  var blocks: Int { ceilDivide(pixels, block) }

  /// Two floats for each block and channel, and room up to the next place where a region may start.
  var partialsByteCount: Int {
    let byteCount = 2 * blocks * channels * 4
    return ceilDivide(byteCount, regionAlignment) * regionAlignment
  }

  /// The backward pass's two means for each channel.
  var meansByteCount: Int { 2 * channels * 4 }

  var extents: [KernelArgument] { [.uint(channels), .uint(pixels)] }

  func definitions(_ activation: Activation?, pooled: Bool = false) -> KeyValuePairs<String, any KernelConstant> {
    switch bodies {
    case .cpu:
      ["BLOCK": block, "VECTOR": vector, "LINES": lines, "ACTIVATION": activation.constant, "POOLED": pooled]
    case .gpu:
      [
        "BLOCK": block, "LANES": lanes, "ROWS": rows, "ACTIVATION": activation.constant, "POOLED": pooled,
      ]
    }
  }

  /// The constants for kernels without an activation: those of the program that a network has in any case.
  var definitions: KeyValuePairs<String, any KernelConstant> { definitions(.leakyReLU(slope: 0)) }

  func range(blocks: Int) -> CLRange {
    switch bodies {
    case .cpu: CLRange(groups: (channels / (vector * lines), blocks, 1), local: (1, 1, 1))
    case .gpu: CLRange(groups: (ceilDivide(channels, lanes), blocks, 1), local: (lanes, rows, 1))
    }
  }
}

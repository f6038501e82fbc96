import Runtime

extension Reference {
  /// color(n, y, x, c) = images(indices(first + n), y, x, c) · scale + shift; gray = mean of the three colors.
  ///
  /// - Parameters:
  ///   - images: `[count, H, W, 3]`, bytes
  ///   - batch: N
  /// - Returns: `[N, H, W, 3]` and `[N, H, W, 1]`
  public static func batchGather(
    images: HostTensor, indices: [Int], first: Int, batch: Int, scale: Double, shift: Double
  ) -> (color: HostTensor, gray: HostTensor) {
    var color = HostTensor(Shape(batch, images.shape.height, images.shape.width, 3))
    var gray = HostTensor(Shape(batch, images.shape.height, images.shape.width, 1))
    for n in 0..<batch {
      for y in 0..<images.shape.height {
        for x in 0..<images.shape.width {
          for c in 0..<3 {
            color[n, y, x, c] = images[indices[first + n], y, x, c] * scale + shift
            gray[n, y, x, 0] += color[n, y, x, c] / 3
          }
        }
      }
    }
    return (color, gray)
  }
}

extension KernelCases {
  static func batchGather(_ size: CaseSize) -> [KernelCase] {
    switch size {
    case .smallest:
      [
        batchGather(Shape(2, 3, 2, 3), images: 5, first: 1, .separate, signed: false),
        batchGather(Shape(1, 2, 3, 3), images: 3, first: 2, .oneTensor, signed: true),
      ]
    case .awkward:
      [
        batchGather(Shape(1, 1, 1, 3), images: 1, first: 0, .separate, signed: false),
        batchGather(Shape(3, 5, 7, 3), images: 11, first: 0, .separate, signed: false),
        batchGather(Shape(3, 5, 7, 3), images: 11, first: 5, .oneTensor, signed: true),
        batchGather(Shape(17, 9, 3, 3), images: 40, first: 23, .slices, signed: false),
        batchGather(Shape(64, 32, 32, 3), images: 100, first: 36, .separate, signed: true),
        batchGather(Shape(1, 33, 31, 3), images: 7, first: 3, .slices, signed: true),
      ]
    case .trainingStep(_, let batch):
      [batchGather(Shape(batch, 32, 32, 3), images: 16 * batch, first: 3 * batch, .separate, signed: false)]
    }
  }

  /// How the two outputs lie.
  private enum GatherLayout: String, Sendable {
    case separate
    case slices = "channel slices"
    /// [gray, color] in one tensor of 4 channels, as a conditional discriminator takes them.
    case oneTensor = "gray and color in one tensor"
  }

  /// - Parameters:
  ///   - color: the batch's shape
  ///   - images: number of images in the data set
  ///   - signed: scale to [-1, 1], not to [0, 1]
  private static func batchGather(_ color: Shape, images count: Int, first: Int, _ layout: GatherLayout, signed: Bool)
    -> KernelCase
  {
    let label = KernelCase.label(
      "\(color)", "of \(count) images", "from position \(first)", layout == .separate ? nil : layout.rawValue,
      signed ? "in [-1, 1]" : nil)
    return KernelCase(BatchGather.name, .forward, label) { tensors in
      let images = tensors.random.integers(Shape(count, color.height, color.width, 3), in: 0...255)
      let indices = Array(0..<count).shuffled(using: &tensors.random)
      let (colorTensor, grayTensor) = outputs(color, layout, tensors)
      let operation = BatchGather(
        images: tensors.input("images", images, .dense, .uint8),
        indices: tensors.input("indices", HostTensor(vector: indices.map(Double.init)), .dense, .uint32),
        first: tensors.variable(first, whilePrepared: 0), color: colorTensor, gray: grayTensor,
        scale: signed ? 2 / 255 : 1 / 255,
        shift: signed ? -1 : 0)
      return (
        operation,
        {
          let result = Reference.batchGather(
            images: images, indices: indices, first: first, batch: color.batch, scale: Double(operation.scale),
            shift: Double(operation.shift))
          return [TensorValues(colorTensor, result.color), TensorValues(grayTensor, result.gray)]
        }
      )
    }
  }

  private static func outputs(_ color: Shape, _ layout: GatherLayout, _ tensors: CaseTensors)
    -> (color: Tensor, gray: Tensor)
  {
    let gray = Shape(color.batch, color.height, color.width, 1)
    switch layout {
    case .separate: return (tensors.output("color", color), tensors.output("gray", gray))
    case .slices:
      let slice = Placement.channelSlice(before: 1, after: 2)
      return (tensors.output("color", color, slice), tensors.output("gray", gray, slice))
    case .oneTensor:
      let both = tensors.output("grayAndColor", Shape(color.batch, color.height, color.width, 4))
      return (both.channels(1..<4), both.channels(0..<1))
    }
  }
}

import Foundation
import Runtime

extension Reference {
  /// The image of each index below 2³¹, and the image of each index from 2³¹ on, less 2³¹, flipped horizontally; in
  /// `encoding`.
  ///
  /// - Parameters:
  ///   - images: `[count, H, W, 3]`, bytes
  ///   - batch: N
  /// - Returns: `[N, H, W, 3]` or, in CIELAB, `[N, H, W, 2]`; and `[N, H, W, 1]`
  public static func batchGather(
    images: ReferenceTensor, indices: [Int], first: Int, batch: Int, _ encoding: ColorEncoding
  ) -> (color: ReferenceTensor, gray: ReferenceTensor) {
    var color = ReferenceTensor(Shape(batch, images.shape.height, images.shape.width, encoding.colorChannels))
    var gray = ReferenceTensor(Shape(batch, images.shape.height, images.shape.width, 1))
    for n in 0..<batch {
      for y in 0..<images.shape.height {
        for x in 0..<images.shape.width {
          let (flips, image) = indices[first + n].quotientAndRemainder(dividingBy: 1 << 31)
          let column = flips == 0 ? x : images.shape.width - 1 - x
          let rgb = (0..<3).map { images[image, y, column, $0] }
          switch encoding {
          case .rgb(let scale, let shift):
            for c in 0..<3 {
              color[n, y, x, c] = rgb[c] * Double(scale) + Double(shift)
              gray[n, y, x, 0] += color[n, y, x, c] / 3
            }
          case .lab:
            let lab = lab(red: rgb[0] / 255, green: rgb[1] / 255, blue: rgb[2] / 255)
            color[n, y, x, 0] = lab.a / Double(ColorEncoding.labChromaScale)
            color[n, y, x, 1] = lab.b / Double(ColorEncoding.labChromaScale)
            gray[n, y, x, 0] = lab.lightness / Double(ColorEncoding.labLightnessScale) - 1
          }
        }
      }
    }
    return (color, gray)
  }

  /// CIELAB of a color in sRGB, by the formulas of CIE 15:2004 for the white point D65.
  static func lab(red: Double, green: Double, blue: Double) -> (lightness: Double, a: Double, b: Double) {
    let linear = [red, green, blue].map { $0 > 0.04045 ? pow(($0 + 0.055) / 1.055, 2.4) : $0 / 12.92 }
    let curve = { (row: [Double], white: Double) -> Double in
      let value = zip(row, linear).reduce(0) { $0 + $1.0 * $1.1 } / white
      return value > 216.0 / 24389 ? cbrt(value) : (24389.0 / 27 * value + 16) / 116
    }
    let x = curve([0.412453, 0.357580, 0.180423], 0.95047)
    let y = curve([0.212671, 0.715160, 0.072169], 1)
    let z = curve([0.019334, 0.119193, 0.950227], 1.08883)
    return (116 * y - 16, 500 * (x - y), 200 * (y - z))
  }
}

extension BatchGather: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    let result = Reference.batchGather(
      images: memory[images], indices: memory[indices].values.map { Int($0) }, first: first.value,
      batch: color.shape.batch, encoding)
    memory[color] = result.color
    memory[gray] = result.gray
  }
}

extension KernelCases {
  static func batchGather(_ size: CaseSize) -> [KernelCase] {
    switch size {
    case .smallest:
      [
        batchGather(Shape(2, 3, 2, 3), images: 5, first: 1, .separate, .unsigned),
        batchGather(Shape(1, 2, 3, 3), images: 3, first: 2, .oneTensor, .signed),
        batchGather(Shape(3, 2, 3, 2), images: 5, first: 1, .separate, .lab, flips: true),
      ]
    case .awkward:
      [
        batchGather(Shape(1, 1, 1, 3), images: 1, first: 0, .separate, .unsigned),
        batchGather(Shape(3, 5, 7, 3), images: 11, first: 0, .separate, .unsigned),
        batchGather(Shape(3, 5, 7, 3), images: 11, first: 5, .oneTensor, .signed),
        batchGather(Shape(17, 9, 3, 3), images: 40, first: 23, .slices, .unsigned),
        batchGather(Shape(17, 3, 9, 3), images: 40, first: 23, .slices, .unsigned, flips: true),
        batchGather(Shape(64, 32, 32, 3), images: 100, first: 36, .separate, .signed),
        batchGather(Shape(64, 32, 32, 3), images: 100, first: 36, .separate, .signed, flips: true),
        batchGather(Shape(1, 33, 31, 3), images: 7, first: 3, .slices, .signed),
        batchGather(Shape(3, 5, 7, 2), images: 11, first: 5, .oneTensor, .lab),
        batchGather(Shape(17, 9, 3, 2), images: 40, first: 23, .slices, .lab, flips: true),
        batchGather(Shape(64, 32, 32, 2), images: 100, first: 36, .separate, .lab, flips: true),
      ]
    case .trainingStep(_, let batch):
      [batchGather(Shape(batch, 32, 32, 3), images: 16 * batch, first: 3 * batch, .separate, .unsigned)]
    }
  }

  /// The layout of the two outputs.
  private enum GatherLayout: String, Sendable {
    case separate
    case slices = "channel slices"
    /// [gray, color] in one tensor, as a conditional discriminator takes them.
    case oneTensor = "gray and color in one tensor"
  }

  /// The encoding of the colors, in a label.
  private enum GatherRange: String, Sendable {
    case unsigned
    case signed = "in [-1, 1]"
    case lab = "in CIELAB"

    var encoding: ColorEncoding {
      switch self {
      case .unsigned: .rgb(scale: 1 / 255, shift: 0)
      case .signed: .rgb(scale: 2 / 255, shift: -1)
      case .lab: .lab
      }
    }
  }

  /// - Parameters:
  ///   - color: the batch's shape
  ///   - images: number of images in the data set
  ///   - flips: whether every third image is flipped horizontally
  private static func batchGather(
    _ color: Shape, images count: Int, first: Int, _ layout: GatherLayout, _ range: GatherRange, flips: Bool = false
  ) -> KernelCase {
    let label = KernelCase.label(
      "\(color)", "of \(count) images", "from position \(first)", layout == .separate ? nil : layout.rawValue,
      range == .unsigned ? nil : range.rawValue, flips ? "flipped" : nil)
    return KernelCase(BatchGather.name, .forward, label) { tensors in
      let images = tensors.random.integers(Shape(count, color.height, color.width, 3), in: 0...255)
      let numbers = Array(0..<count).shuffled(using: &tensors.random)
      let indices = numbers.enumerated().map { place, number in
        flips && place.isMultiple(of: 3) ? number + Int(BatchGather.horizontalFlip) : number
      }
      let (colorTensor, grayTensor) = outputs(color, layout, tensors)
      return BatchGather(
        images: tensors.input("images", images, .dense, .uint8),
        indices: tensors.input("indices", ReferenceTensor(vector: indices.map(Double.init)), .dense, .uint32),
        first: tensors.variable(first, whilePlanned: 0), color: colorTensor, gray: grayTensor,
        encoding: range.encoding)
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
      let both = tensors.output("grayAndColor", Shape(color.batch, color.height, color.width, color.channels + 1))
      return (both.channels(1..<color.channels + 1), both.channels(0..<1))
    }
  }
}

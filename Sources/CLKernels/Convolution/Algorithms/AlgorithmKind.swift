import Runtime

/// The algorithms for convolutions, without their parameters.
public enum AlgorithmKind: String, CaseIterable, Sendable {
  /// Plain loops: the reference for the others, on any device; slow.
  case naive
  /// A tiled matrix product for GPUs: many work-items per group, local memory.
  case tiled
  /// Winograd's algorithm for 3 × 3 kernels for GPUs: transformed tensors in memory, and tiled matrix products.
  case winograd
  /// Winograd's algorithm for 3 × 3 kernels for CPUs: one work-item per group.
  case winogradVector = "winograd-vector"
  /// A register tile of wide vectors for CPUs: one work-item per group.
  case vector
  /// A tiled matrix product on NVIDIA's tensor cores, of operands rounded to TF32.
  case tensorFloat32 = "tf32"
  /// A tiled matrix product on NVIDIA's tensor cores, of operands that are split into two bfloat16.
  case splitBFloat16 = "bf16x3"

  private typealias Row = (
    fileName: String, bodies: KernelBodies?, data: (any ConvolutionAlgorithm.Type)?,
    filter: (any ConvolutionAlgorithm.Type)?
  )

  /// Every algorithm: its name in tuning files, the bodies that a search tries it with, the types for the data sum and
  /// the filter sum, nil where it computes one of them alone.
  private var row: Row {
    switch self {
    case .naive: ("naive", nil, Naive.self, Naive.self)
    case .tiled: ("tiled", .gpu, TiledData.self, TiledFilter.self)
    case .winograd: ("winograd", .gpu, WinogradData.self, WinogradFilter.self)
    case .winogradVector: ("winogradVector", .cpu, WinogradVectorData.self, WinogradVectorFilter.self)
    case .vector: ("vector", .cpu, VectorData.self, VectorFilter.self)
    case .tensorFloat32, .splitBFloat16: ("tensor", .gpu, TensorData.self, TensorFilter.self)
    }
  }

  var fileName: String { row.fileName }

  func type(for target: ConvolutionProblem.Target) -> (any ConvolutionAlgorithm.Type)? {
    target == .weights ? row.filter : row.data
  }

  /// The precision of the tensor cores' products; nil for products in float.
  var precision: Precision? {
    switch self {
    case .tensorFloat32: .tensorFloat32
    case .splitBFloat16: .splitBFloat16
    default: nil
    }
  }

  /// The kinds that may be the fastest with these bodies, in this precision.
  static func competing(_ bodies: KernelBodies, _ precision: Precision) -> [AlgorithmKind] {
    allCases.filter { $0.row.bodies == bodies && ($0.precision ?? precision) == precision }
  }
}

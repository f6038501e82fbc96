/// A set of OpenBLAS's kernels, by the names that `OPENBLAS_CORETYPE` takes.
enum OpenBLASCore: String {
  case skylakeX = "SKYLAKEX"
  case haswell = "HASWELL"
  case sandyBridge = "SANDYBRIDGE"

  /// The fastest core for the instructions that the loops use; nil where OpenBLAS chooses. Loops that are limited to
  /// the baseline stand for a processor with AVX and without AVX2.
  static var best: OpenBLASCore? {
    switch InstructionSet.used {
    case .v4: .skylakeX
    case .v3: .haswell
    case .baseline: InstructionSet.supported == .baseline ? nil : .sandyBridge
    }
  }

  private static let wideNames: Set = ["skylakex", "cooperlake", "sapphirerapids"]
  private static let avx2Names: Set = ["haswell", "zen", "excavator"]
  private static let avxNames: Set = ["sandybridge", "bulldozer", "piledriver", "steamroller"]
  /// Those for SSE, and those written in C.
  private static let slowNames: Set = ["prescott", "core2", "generic", "unknown", "armv8"]

  /// Whether the core `name` uses the widest vectors that it may use.
  static func isFast(_ name: String) -> Bool {
    let name = name.lowercased()
    return switch best {
    case .skylakeX: wideNames.contains(name)
    case .haswell: wideNames.union(avx2Names).contains(name)
    case .sandyBridge: usesAVX(name)
    case nil: !slowNames.contains(name)
    }
  }

  private static func usesAVX(_ name: String) -> Bool { wideNames.union(avx2Names).union(avxNames).contains(name) }

  /// Whether the core `name` multiplies faster than the baseline's loops: by wider vectors, or on a processor of
  /// another kind than x86, by kernels that were written for it.
  static func isFasterThanBaselineLoops(_ name: String) -> Bool {
    #if arch(x86_64)
      usesAVX(name.lowercased())
    #else
      name.lowercased() != "generic"
    #endif
  }
}

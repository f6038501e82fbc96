import CVectorLoops

extension OpenBLAS {
  /// The sets of kernels that matter here, by the names that `OPENBLAS_CORETYPE` takes.
  enum Core: String {
    case skylakeX = "SKYLAKEX"
    case haswell = "HASWELL"

    /// The best for what this processor can do; nil where OpenBLAS's own choice is left alone.
    static var best: Core? {
      switch processor_instruction_set() {
      case Int32(vector_x86_64_v4.rawValue): .skylakeX
      case Int32(vector_x86_64_v3.rawValue): .haswell
      default: nil
      }
    }

    /// Whether the core `name` uses the widest vectors of this processor.
    static func isFast(_ name: String) -> Bool {
      let name = name.lowercased()
      let wide = ["skylakex", "cooperlake", "sapphirerapids"]
      switch best {
      case .skylakeX: return wide.contains(name)
      case .haswell: return (wide + ["haswell", "zen", "excavator"]).contains(name)
      case nil: return !["prescott", "core2", "generic", "unknown", "armv8"].contains(name)
      }
    }
  }
}

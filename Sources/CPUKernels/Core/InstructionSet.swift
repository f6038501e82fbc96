import CVectorLoops
import Glibc
import Runtime

/// The instruction sets that the vector loops are compiled for, by the values of `RECOLOR_INSTRUCTION_SET`.
enum InstructionSet: String, CaseIterable {
  case baseline
  /// AVX2 and FMA.
  case v3
  /// AVX-512.
  case v4

  private var level: Int32 {
    let level =
      switch self {
      case .baseline: vector_baseline
      case .v3: vector_x86_64_v3
      case .v4: vector_x86_64_v4
      }
    return Int32(level.rawValue)
  }

  private init(level: Int32) { self = Self.allCases.last { $0.level <= level } ?? .baseline }

  /// The best one that the processor and the operating system support.
  static var supported: InstructionSet { InstructionSet(level: processor_instruction_set()) }

  /// The one that the loops run with.
  static var used: InstructionSet { InstructionSet(level: vector_instruction_set()) }

  /// Limits the loops to what `RECOLOR_INSTRUCTION_SET` says, so that they can be measured as on another processor.
  /// Logs a warning where that is no instruction set. Done once a process.
  static let limitFromEnvironment: Void = {
    guard let text = getenv("RECOLOR_INSTRUCTION_SET").map({ String(cString: $0) }), !text.isEmpty else { return }
    guard let limit = InstructionSet(rawValue: text) else {
      let names = allCases.map(\.rawValue).joined(separator: ", ")
      Remarks.warning("RECOLOR_INSTRUCTION_SET=\(text) is none of \(names); left out")
      return
    }
    vector_limit_instruction_set(limit.level)
  }()

  /// The vector instructions in words.
  var name: String {
    #if arch(arm64)
      "NEON"
    #else
      switch self {
      case .v4: "AVX-512"
      case .v3: "AVX2"
      case .baseline: "baseline vectors"
      }
    #endif
  }
}

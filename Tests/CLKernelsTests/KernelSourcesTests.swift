@testable import CLKernels
import Foundation
import Testing

@Suite("Kernel sources")
struct KernelSourcesTests {
  /// Returns the names of functions that are given local memory and need not be inlined.
  private func functionsWithLocalMemory(in text: String) -> [String] {
    text.matches(of: /static inline [^;{}()]*?(\w+)\(([^)]*)\)\s*\{/)
      .filter { $0.output.2.contains(/\blocal\b|\bRowSums\b/) && !$0.output.0.contains("always_inline") }
      .map { String($0.output.1) }
  }

  @Test("Functions that are given local memory are always inlined, as PoCL 3.1 needs it")
  func localMemory() throws {
    // The search finds functions of each form.
    let forms = """
      static inline float a(local float *x) { return x[0]; }
      FORCE_INLINE float b(local float *x) { return x[0]; }
      static inline float c(float y,
                            local uint *exchange) {
      static inline float d(global float *x) { return x[0]; }
      static inline float e(RowSums sums) { return 0; }
      """
    #expect(functionsWithLocalMemory(in: forms) == ["a", "c", "e"])
    for (file, text) in embeddedKernels {
      #expect(functionsWithLocalMemory(in: text) == [], "\(file)")
    }
  }
}

import CPUKernels
import CVectorLoops
import Glibc
import Testing

@Suite("OpenBLAS", .enabled(if: (try? OpenBLAS.shared()) != nil, "OpenBLAS is not installed"))
struct OpenBLASTests {
  /// After loading, the variable holds what the user set or what the processor is best at.
  @Test("The core that runs is the one that was asked for")
  func core() throws {
    let blas = try OpenBLAS.shared()
    guard let requested = getenv("OPENBLAS_CORETYPE").map({ String(cString: $0).lowercased() }) else { return }
    #expect(blas.coreName.lowercased() == requested, "\(blas.configuration) of \(blas.libraryName)")
    let best = [vector_x86_64_v4.rawValue: "skylakex", vector_x86_64_v3.rawValue: "haswell"]
    if requested == best[UInt32(processor_instruction_set())] { #expect(blas.isFast) }
    #expect(blas.isFast == (blas.slowReason == nil))
  }

  @Test("Products of whole numbers are exact", arguments: [false, true], [false, true])
  func product(transposeA: Bool, transposeB: Bool) throws {
    let blas = try OpenBLAS.shared()
    let (rows, columns, depth) = (5, 7, 3)
    // Stored with two elements more per row than the product uses.
    let leadingA = (transposeA ? rows : depth) + 2
    let leadingB = (transposeB ? depth : columns) + 2
    let leadingC = columns + 2
    let a = (0..<leadingA * max(rows, depth)).map { Float($0 % 11 - 5) }
    let b = (0..<leadingB * max(columns, depth)).map { Float($0 % 7 - 3) }
    var c = (0..<leadingC * rows).map { Float($0 % 5) }
    let before = c
    blas.multiply(
      transposeA: transposeA, transposeB: transposeB, rows: rows, columns: columns, depth: depth, alpha: 2,
      a: a, leadingA: leadingA, b: b, leadingB: leadingB, beta: -1, c: &c, leadingC: leadingC)
    for row in 0..<rows {
      for column in 0..<columns {
        var sum: Float = 0
        for k in 0..<depth {
          sum +=
            (transposeA ? a[k * leadingA + row] : a[row * leadingA + k])
            * (transposeB ? b[column * leadingB + k] : b[k * leadingB + column])
        }
        #expect(c[row * leadingC + column] == 2 * sum - before[row * leadingC + column])
      }
      for gap in columns..<leadingC { #expect(c[row * leadingC + gap] == before[row * leadingC + gap]) }
    }
  }
}

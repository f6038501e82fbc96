import CPUKernels
import CVectorLoops
import Foundation
import Testing

@Suite("OpenBLAS", .enabled(if: (try? OpenBLAS.shared()) != nil, "OpenBLAS is not installed"))
struct OpenBLASTests {
  @Test("The core that runs is the one that was asked for")
  func core() throws {
    let blas = try OpenBLAS.shared()
    #expect(!blas.coreName.isEmpty && blas.isFast == (blas.slowReason == nil))
    if let requested = blas.requestedCore {
      #expect(blas.coreName.lowercased() == requested.lowercased(), "\(blas.configuration) of \(blas.libraryName)")
    }
    let best = [vector_x86_64_v4.rawValue: "SKYLAKEX", vector_x86_64_v3.rawValue: "HASWELL"]
    let own = best[UInt32(processor_instruction_set())]
    #expect(blas.requestedCore == (getenv("OPENBLAS_CORETYPE").map { String(cString: $0) } ?? own))
    if blas.requestedCore == own, own != nil { #expect(blas.isFast) }
  }

  @Test("Loading leaves the environment as the process found it")
  func environment() throws {
    _ = try OpenBLAS.shared()
    let initial = try Data(contentsOf: URL(filePath: "/proc/self/environ"))
      .split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    for variable in ["OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS"] {
      let now = getenv(variable).map { "\(variable)=\(String(cString: $0))" }
      #expect(now == initial.first { $0.hasPrefix("\(variable)=") })
    }
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

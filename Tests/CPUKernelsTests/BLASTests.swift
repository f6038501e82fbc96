import CVectorLoops
import Foundation
import Runtime
import Testing

@testable import CPUKernels

@Suite("BLAS", .enabled(if: (try? BLAS.shared()) != nil, "no BLAS is installed"))
struct BLASTests {
  @Test("OpenBLAS's core that runs is the one that was asked for")
  func core() throws {
    let blas = try BLAS.shared()
    guard let core = blas.coreName else { return }
    #expect(!core.isEmpty && blas.isFast == (blas.slowReason == nil))
    if let requested = blas.requestedCore {
      #expect(core.lowercased() == requested.lowercased(), "\(blas.configuration ?? "") of \(blas.libraryName)")
    }
    let best = [vector_x86_64_v4.rawValue: "SKYLAKEX", vector_x86_64_v3.rawValue: "HASWELL"]
    let own = best[UInt32(processor_instruction_set())]
    #expect(blas.requestedCore == (getenv("OPENBLAS_CORETYPE").map { String(cString: $0) } ?? own))
    if blas.requestedCore == own, own != nil { #expect(blas.isFast) }
  }

  @Test("Loading leaves the environment as the process found it")
  func environment() throws {
    _ = try BLAS.shared()
    let initial = try Data(contentsOf: URL(filePath: "/proc/self/environ"))
      .split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    for variable in ["OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"] {
      let now = getenv(variable).map { "\(variable)=\(String(cString: $0))" }
      #expect(now == initial.first { $0.hasPrefix("\(variable)=") })
    }
  }

  @Test("Products of whole numbers are exact", arguments: [false, true], [false, true])
  func product(transposed: Bool, accumulate: Bool) throws {
    let blas = try BLAS.shared()
    let (rows, columns, length) = (5, 7, 3)
    // Stored with two elements more per row than the product uses.
    let leftStride = (transposed ? rows : length) + 2
    let (rightStride, outStride) = (columns + 2, columns + 2)
    let left = (0..<leftStride * max(rows, length)).map { Float($0 % 11 - 5) }
    let right = (0..<rightStride * length).map { Float($0 % 7 - 3) }
    var out = (0..<outStride * rows).map { Float($0 % 5) }
    let before = out
    blas_product(
      blas.sgemm, transposed, rows, columns, length, left, leftStride, right, rightStride, &out, outStride, accumulate)
    for row in 0..<rows {
      for column in 0..<columns {
        var sum: Float = accumulate ? before[row * outStride + column] : 0
        for k in 0..<length {
          sum +=
            (transposed ? left[k * leftStride + row] : left[row * leftStride + k]) * right[k * rightStride + column]
        }
        #expect(out[row * outStride + column] == sum)
      }
      for gap in columns..<outStride { #expect(out[row * outStride + gap] == before[row * outStride + gap]) }
    }
  }

  @Test("A backend names the library, and a digest of it")
  func backend() throws {
    let blas = try BLAS.shared()
    let (vector, library) = (CPUBackend(threadCount: 1), CPUBackend(threadCount: 1, blas: blas))
    #expect(vector.products == .vector && vector.tuning == nil)
    #expect(library.products == .blas && library.tuning?.count == 64)
    #expect(library.deviceDescription == "\(vector.deviceDescription), products by \(blas)")
  }

  // In processes of their own, as the limit and the library are the whole process's.

  @Test("Tuned tiles are taken before a library", .enabled(if: processor_instruction_set() >= 1))
  func tunedTiles() async {
    await #expect(processExitsWith: .success) {
      vector_limit_instruction_set(Int32(vector_x86_64_v3.rawValue))
      try #require(BLAS.automatic == nil)
    }
  }

  @Test(
    "A library with wider vectors is taken before the baseline's loops", .enabled(if: processor_instruction_set() >= 1))
  func baseline() async {
    await #expect(processExitsWith: .success) {
      vector_limit_instruction_set(Int32(vector_baseline.rawValue))
      let blas = try BLAS.shared()
      // A processor that is limited has AVX, and so has the core, unless the user has chosen another.
      if getenv("OPENBLAS_CORETYPE") == nil, let core = blas.coreName { try #require(core == "Sandybridge") }
      let isFaster = blas.coreName.map(OpenBLASCore.isFasterThanBaselineLoops) ?? true
      try #require((BLAS.automatic != nil) == isFaster)
    }
  }
}

@Suite("The choice of products")
struct ProductChoiceTests {
  #if arch(x86_64)
    @Test(
      "Kernels for AVX are faster than the baseline's loops, those for SSE are not",
      arguments: [
        ("Sandybridge", true), ("Bulldozer", true), ("Haswell", true), ("Nehalem", false), ("Prescott", false),
      ])
    func cores(name: String, isFaster: Bool) {
      #expect(OpenBLASCore.isFasterThanBaselineLoops(name) == isFaster)
    }
  #endif

  // In processes of their own, since a library is loaded once.

  @Test("A library that is not there, and one without the function, are named in one line")
  func missing() async {
    await #expect(processExitsWith: .success) {
      setenv("RECOLOR_BLAS", "/nowhere/libblas.so", 1)
      let message = ProductChoiceTests.loadingError
      try #require(message?.hasPrefix("BLAS: cannot load what RECOLOR_BLAS names (/nowhere/libblas.so: ") == true)
      vector_limit_instruction_set(Int32(vector_baseline.rawValue))
      try #require(BLAS.automatic == nil)
    }
    await #expect(processExitsWith: .success) {
      setenv("RECOLOR_BLAS", "libc.so.6", 1)
      let message = "BLAS: libc.so.6 has no function cblas_sgemm; set RECOLOR_BLAS to a library that has it"
      try #require(ProductChoiceTests.loadingError == message)
    }
  }

  /// The message of the error with which loading the library fails; nil where it is loaded.
  static var loadingError: String? {
    do throws(BackendError) {
      _ = try BLAS.shared()
      return nil
    } catch {
      return error.description
    }
  }

  @Test("The environment limits the loops", .enabled(if: processor_instruction_set() >= 1))
  func limit() async {
    await #expect(processExitsWith: .success) {
      setenv("RECOLOR_INSTRUCTION_SET", "baseline", 1)
      _ = CPUBackend(threadCount: 1)
      try #require(vector_instruction_set() == Int32(vector_baseline.rawValue))
      try #require(CPUBackend.instructionSetName == "baseline vectors")
    }
    await #expect(processExitsWith: .success) {
      setenv("RECOLOR_INSTRUCTION_SET", "v2", 1)
      _ = CPUBackend(threadCount: 1)
      try #require(vector_instruction_set() == processor_instruction_set())
    }
  }
}
